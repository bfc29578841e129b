/**
 * config-page.ts: docs/configuration.md, printed from the schema; a test holds the two together.
 */
import type { TSchema } from "typebox";
import { CONFIG, expectedOf, isSection, propertiesOf, type Node } from "./config-schema.ts";
import { environmentName } from "./config.ts";

const HEAD = `# Configuration

<!-- Printed by \`isotherm config page\` from cli/config-schema.ts: change it there. -->

\`isotherm serve\`, \`ingest\`, \`query\` and \`collect\` read one YAML file, named by \`--config\` (\`-c\`). Each takes what it needs of it, so
that one file can serve a whole installation. A wrong value is one line that names the key, the value and what was expected,
and exit status 2. \`isotherm config print -c FILE\` shows what holds, with secrets hidden.

- An environment variable overrides its key: \`query.port\` is \`ISOTHERM_QUERY_PORT\`. Lists of texts are separated by commas;
  \`collect.hosts\` has none.
- Secrets may stand in a file of their own: \`passwordFile\`, \`tokenFile\`.
- Paths are taken from the configuration file's folder.

Everything on one machine, watching two hosts:

\`\`\`yaml
store:
  dataDir: /var/lib/isotherm
collect:
  keyFile: /etc/isotherm/key
  knownHostsFile: /etc/isotherm/known_hosts
  hosts:
    - name: cn-01
    - name: cn-02
      address: 192.0.2.12
\`\`\`
`;

export function configPage(): string {
  return `${HEAD}${propertiesOf(CONFIG)
    .map(([name, schema]) => sectionPage(name, schema))
    .join("")}`;
}

function sectionPage(key: string, schema: Node): string {
  const rows = propertiesOf(schema);
  const scalars = rows.filter(([, each]) => !isSection(each));
  const sections = rows.filter(([, each]) => isSection(each));
  const lists = rows.flatMap(([name, each]): [string, TSchema][] => {
    const { items } = each as { items?: TSchema };
    return items !== undefined && isSection(items) ? [[`${key}.${name}[]`, items]] : [];
  });
  const level = "#".repeat(key.includes(".") ? 3 : 2);
  const text = schema.description ?? (key.endsWith("[]") ? "Each of them." : "");
  return [
    `\n${level} ${key}\n\n${text}\n\n| Key | Value | Default | What for |\n| --- | --- | --- | --- |\n`,
    ...scalars.map(([name, each]) => row(key, name, each)),
    ...sections.map(([name, each]) => sectionPage(`${key}.${name}`, each)),
    ...lists.map(([name, each]) => sectionPage(name, each as Node)),
  ].join("");
}

function row(key: string, name: string, schema: Node): string {
  const of = schema.default === undefined ? "" : `\`${JSON.stringify(schema.default).replaceAll('"', "")}\``;
  const variable = key.endsWith("[]") || name === "hosts" ? "" : `<br>\`${environmentName(`${key}.${name}`)}\``;
  return `| \`${name}\`${variable} | ${expectedOf(schema)} | ${of} | ${schema.description ?? ""} |\n`;
}
