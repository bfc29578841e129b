/** The remote wrapper, under shells and sshd: mostly waiting. */
import { together } from "../together.ts";

await together("wrapper");
