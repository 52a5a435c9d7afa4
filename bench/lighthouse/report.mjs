// What Lighthouse says of the home page and of "how it works": a report, no gate, for its scores depend on the machine.
// Starts the published web node by itself. `npm run report -- <address>` looks at one that runs already.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { launch } from "chrome-launcher";
import lighthouse from "lighthouse";

const chrome = process.env.CHROME_PATH ?? "/usr/bin/chromium";
const flags = ["--headless=new", "--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run", "--disable-quic"];
const categories = ["performance", "accessibility", "best-practices"];
const web = resolve(import.meta.dirname, "../../Ephemeral.Web");

const given = process.argv[2];
const node = given ? undefined : await start();
const site = given ?? node.address;
const browser = await launch({ chromePath: chrome, chromeFlags: flags, logLevel: "error" });
try {
  console.log(`| page | form | ${categories.join(" | ")} | first paint | largest paint | blocked | shift | bytes |\n|---|---|${"---|".repeat(categories.length + 5)}`);
  for (const path of ["/", "/how"])
    for (const formFactor of ["mobile", "desktop"]) {
      const screenEmulation = formFactor === "desktop" ? { mobile: false, width: 1350, height: 940, deviceScaleFactor: 1, disabled: false } : undefined;
      const throttling = formFactor === "desktop" ? { rttMs: 40, throughputKbps: 10_240, cpuSlowdownMultiplier: 1, requestLatencyMs: 0, downloadThroughputKbps: 0, uploadThroughputKbps: 0 } : undefined;
      const { lhr } = await lighthouse(new URL(path, site).href, { port: browser.port, onlyCategories: categories, formFactor, screenEmulation, throttling, logLevel: "error" });
      if (lhr.runtimeError) throw new Error(lhr.runtimeError.message);
      const scores = categories.map((name) => Math.round(lhr.categories[name].score * 100));
      const shown = (name) => lhr.audits[name].displayValue;
      console.log(`| ${path} | ${formFactor} | ${scores.join(" | ")} | ${shown("first-contentful-paint")} | ${shown("largest-contentful-paint")} | ${shown("total-blocking-time")} | ${shown("cumulative-layout-shift")} | ${shown("total-byte-weight")} |`);
      for (const name of categories)
        for (const { id } of lhr.categories[name].auditRefs) {
          const { score, title, details } = lhr.audits[id];
          const reasons = [details?.items ?? []].flat().map(({ reason }) => reason).filter((reason) => typeof reason === "string");
          if (score === 0) console.log(`  ${name}: ${title}${reasons.length > 0 ? ` (${reasons.join("; ")})` : ""}`);
        }
    }
} finally {
  await browser.kill();
  node?.stop();
}

/** As it is in production: published, its files compressed as well as they can be. */
async function start() {
  const folder = mkdtempSync(join(tmpdir(), "ephemeral-lighthouse-"));
  const published = spawnSync("dotnet", ["publish", web, "-c", "Release", "--nologo", "-v", "q", "-o", folder], { stdio: ["ignore", "ignore", "inherit"] });
  if (published.status !== 0) throw new Error("The web node could not be published.");
  const process = spawn("dotnet", [join(folder, "Ephemeral.Web.dll"), "--urls=http://127.0.0.1:0"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  const address = await new Promise((found, failed) => {
    let said = "";
    process.stdout.on("data", (text) => {
      said += text;
      const open = /Ephemeral is open at (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1];
      if (open) found(open);
    });
    process.on("exit", () => failed(new Error(`The web node has ended:\n${said}`)));
  });
  const stop = () => {
    process.removeAllListeners("exit");
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    process.kill();
  };
  return { address, stop };
}
