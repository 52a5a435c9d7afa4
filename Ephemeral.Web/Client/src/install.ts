// The service worker (public/sw.js): the shell starts without a network, and other programs can share something with it.
import type { Shared } from "./desk";
import { trustedScript, workerUrl } from "./start-worker";

/** `shared` is called with what another program has shared. Browsers that have no service worker here, or forbid it, do without. */
export async function install(shared: (what: Shared) => void): Promise<void> {
  const container = navigator.serviceWorker as ServiceWorkerContainer | undefined;
  if (!container) return;
  container.addEventListener("message", ({ data }) => {
    if (data?.shared) shared(data.shared as Shared);
  });
  try {
    const { active } = await container.register(trustedScript("/sw.js") as string).then(() => container.ready);
    if (location.hash === "#shared") {
      history.replaceState(null, "", "/");
      active?.postMessage({ ready: true });
    }
    active?.postMessage({ started: true });
    // What came before the service worker did, and what is still on its way past it.
    new PerformanceObserver(() => active?.postMessage({ assets: ownAssets() })).observe({ type: "resource", buffered: true });
  } catch {
    // In a private window, say.
  }
}

/** What this very page was made of, by path. Addresses of pages are not among it. */
function ownAssets(): string[] {
  const loaded = performance.getEntriesByType("resource").map(({ name }) => new URL(name)).filter(({ origin }) => origin === location.origin);
  const linked = [...document.querySelectorAll("link[href], script[src]")].map((element) => new URL(element.getAttribute("href") ?? element.getAttribute("src")!, location.origin));
  // The Worker is in no such list before it runs.
  const paths = [...[...loaded, ...linked].map(({ pathname }) => pathname), workerUrl].filter((path) => path.startsWith("/assets/") || /^\/[\w-]+\.svg$/.test(path));
  return [...new Set(paths)];
}
