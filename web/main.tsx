/**
 * main.tsx: puts the page into its element; the only file that does something by being loaded.
 */
import "./style/base.css";
import "./style/frame.css";
import "./style/menu.css";
import "./style/heatmap.css";
import "./style/keys.css";
import "./style/selection.css";
import "./style/pages.css";
import { render } from "preact";
import { App } from "./app.tsx";

const root = document.getElementById("app");
if (root === null) throw new Error("find the element #app");
render(<App />, root);
