/**
 * docs.ts: writes docs/metrics.md. Run it after changing the catalogue: node --import tsx d-scripts/docs.ts
 */
import { writeFileSync } from "node:fs";
import { catalogue } from "./catalogue.ts";
import { referenceOf } from "./reference.ts";

writeFileSync(new URL("../docs/metrics.md", import.meta.url), referenceOf(catalogue));
