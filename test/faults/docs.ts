/** What the documents have one type that starts services, an sshd or a copy of the sources. */
import { together } from "../together.ts";

await together("docs-heavy");
