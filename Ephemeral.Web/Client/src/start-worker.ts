import type { FromHolder, ToHolder } from "./messages";
import workerUrl from "./worker?worker&url";

export { workerUrl };

/** Starts the Worker that holds; undefined where the browser has none to offer. */
export function startWorker(heard: (message: FromHolder) => void, broken: () => void): { postMessage(message: ToHolder): void } | undefined {
  try {
    const worker = new Worker(trustedScript(workerUrl) as string, { type: "module" });
    let spoke = false;
    worker.onmessage = (event: MessageEvent<FromHolder>) => {
      spoke = true;
      heard(event.data);
    };
    worker.onerror = () => {
      if (!spoke) broken();
    };
    return worker;
  } catch {
    setTimeout(broken);
    return undefined;
  }
}

/** Under Trusted Types a script's address has to come out of a policy. This one knows the site's own two. */
export function trustedScript(url: string): unknown {
  const types = (globalThis as { trustedTypes?: { createPolicy(name: string, rules: object): Policy } }).trustedTypes;
  if (!types) return url;
  policy ??= types.createPolicy("ephemeral", {
    createScriptURL: (url: string) => {
      if (url === workerUrl || url === "/sw.js") return url;
      throw new TypeError("This is no script of the site.");
    },
  });
  return policy.createScriptURL(url);
}

interface Policy {
  createScriptURL(url: string): unknown;
}
let policy: Policy | undefined;
