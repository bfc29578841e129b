/**
 * host-command.ts: `isotherm host add`, `remove` and `list`: hosts of the inventory.
 */
import { Command } from "commander";
import { readConfig } from "./config.ts";
import { addHost, type AddOptions } from "./host-add.ts";
import { hostsNow } from "./host-inventory.ts";
import { removeHost, type RemoveOptions } from "./host-remove.ts";
import { integerOption } from "./options.ts";
import { table } from "./table.ts";

const ADD_EXAMPLES = `Examples:
  isotherm host add cn-07 -c isotherm.yaml
  isotherm host add cn-07 -c isotherm.yaml --address 192.0.2.7 --admin-key ~/.ssh/id_ed25519
  isotherm host add cn-07 -c isotherm.yaml --fingerprint SHA256:...       without a question, for programs
`;

const ADD_HELP = `
Step by step:
  1. shows the fingerprint of the host's key and asks whether it is the host's own (on its console:
     ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub); --fingerprint answers beforehand
  2. over an ssh connection of yours, puts the wrapper there and a line for the collector's key into authorized_keys that
     lets it run the wrapper and nothing else
  3. logs in as the collector and checks the host, as isotherm check does
  4. adds the host's key to collect.knownHostsFile, and the host to collect.hostsFile, or else to the configuration

Where the collector cannot get in, what was put onto the host is taken away again. To upgrade the wrapper, add the host again.
Your own key is taken from ssh-agent (SSH_AUTH_SOCK) unless --admin-key names one.

Exit status: 0 the host is there and fit; 1 it could not be added, or is there but not fit (the table says why); 2 the command
line or the configuration is wrong.`;

const REMOVE_EXAMPLES = `Examples:
  isotherm host remove cn-07 -c isotherm.yaml
  isotherm host remove cn-07 -c isotherm.yaml --local      the host is no more, or cannot be reached
`;

const REMOVE_HELP = `
Undoes isotherm host add: takes the collector's key out of authorized_keys, removes the wrapper unless another collector's key
uses it, and takes the host out of known_hosts and the inventory. What is stored of it stays.

Exit status: 0 done; 1 the host could not be changed, and nothing was forgotten; 2 the command line or the configuration is wrong.`;

export function hostCommand(): Command {
  const command = new Command("host")
    .description("let a collector in on a host, and out; list the inventory")
    .addHelpText(
      "before",
      `${ADD_EXAMPLES}  isotherm host remove cn-07 -c isotherm.yaml\n  isotherm host list -c isotherm.yaml\n`,
    );
  common(command.command("add"))
    .description("enrol a host: compare its key, install the wrapper and the restricted key, check it")
    .option("--address <address>", "where to connect; the name by default")
    .option("--port <n>", "port of sshd", integerOption("--port", 1, 65_535), 22)
    .option("--username <name>", "account of the collector", "root")
    .option("--platform <name>", "smartos or linux", "smartos")
    .option("--owner <uuid>", "of a host without zones (linux): the tenant that it belongs to")
    .option("--fingerprint <text>", "the host's key must have this fingerprint: SHA256:...")
    .option(
      "--from <addresses>",
      "where the collector may come from, as in authorized_keys; any: from anywhere (default: this machine's address as the host sees it)",
    )
    .option("--timeout <seconds>", "for the check", integerOption("--timeout", 1, 600), 30)
    .addHelpText("before", ADD_EXAMPLES)
    .addHelpText("after", ADD_HELP)
    .action((name: string, options: AddOptions) => addHost(name, options, process));
  common(command.command("remove"))
    .description("undo host add")
    .option("--local", "leave the host alone: only forget it here")
    .addHelpText("before", REMOVE_EXAMPLES)
    .addHelpText("after", REMOVE_HELP)
    .action((name: string, options: RemoveOptions) => removeHost(name, options, process));
  command
    .command("list")
    .description("list the inventory: hosts of the configuration, of collect.hostsFile and of Triton")
    .requiredOption("-c, --config <file>", "the configuration file (docs/configuration.md)")
    .option("--json", "print JSON: {hosts: [...]}")
    .addHelpText(
      "before",
      "Examples:\n  isotherm host list -c isotherm.yaml\n  isotherm host list -c isotherm.yaml --json | jq -r '.hosts[].name'\n",
    )
    .action(async (options: { config: string; json?: boolean }) => {
      const hosts = await hostsNow(await readConfig(options.config, process.env));
      const rows = hosts.map((host) => [
        host.name,
        `${host.address ?? host.name}:${host.port}`,
        host.username,
        host.platform,
        host.owner ?? "",
      ]);
      process.stdout.write(
        options.json === true
          ? `${JSON.stringify({ hosts }, null, 2)}\n`
          : table([["HOST", "ADDRESS", "USER", "PLATFORM", "OWNER"], ...rows]),
      );
    });
  return command;
}

function common(command: Command): Command {
  return command
    .argument("<name>", "the host's name: in pictures, and in known_hosts")
    .requiredOption("-c, --config <file>", "the configuration file (docs/configuration.md)")
    .option("--admin <name>", "your account there", "root")
    .option("--admin-key <file>", "your private key, without a passphrase; ssh-agent by default")
    .option("--folder <path>", "where the wrapper is on the host", "/opt/custom/isotherm")
    .option("--authorized-keys <path>", "keys of the collector's account there", "~/.ssh/authorized_keys");
}
