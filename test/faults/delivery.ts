/** Every window once, through kills, cut links, full disks and power cuts; and floods. */
import { together } from "../together.ts";

await together("delivery", "admission");
