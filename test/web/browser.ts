/**
 * browser.ts: the one way in which tests start a browser: a headless Chromium with a fresh profile that talks to nobody else.
 *
 * A Chromium of the system is taken where there is one on the PATH; else the one that comes inside an npm package.
 */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import sparticuz from "@sparticuz/chromium";
import { chromium, type Browser } from "playwright-core";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-domain-reliability",
  "--disable-sync",
  "--no-first-run",
  "--no-pings",
  "--metrics-recording-only",
  "--font-render-hinting=none",
  "--force-color-profile=srgb",
];

export async function launchBrowser(): Promise<Browser> {
  const executablePath = systemChromium() ?? (await sparticuz.executablePath());
  // A POSIX locale reaches the page as the language "en-US@posix", which Intl refuses.
  const env = { ...process.env, LANG: "en_US.UTF-8", LC_ALL: "en_US.UTF-8", TZ: "UTC" };
  return chromium.launch({ executablePath, headless: true, args: ARGS, env });
}

function systemChromium(): string | undefined {
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => join(folder, "chromium"))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
