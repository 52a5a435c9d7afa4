// Keeps the site's own program on this device, so that it starts without a network and can be installed. Never anything of a page:
// neither its content nor its address. It answers for nothing but the shell and the files that the shell is made of.
const cacheName = "ephemeral-shell";
const shell = "/";
const asset = /^\/(assets\/[\w.-]+|[\w-]+\.(svg|png)|manifest\.webmanifest)$/;
const address = /^\/(?:[0-9a-f]{64})?$/;

addEventListener("install", (event) => event.waitUntil(keepShell().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && url.pathname === "/share") event.respondWith(takeShared(event));
  else if (request.method !== "GET") return;
  // Every address has the same shell, and it is kept under one name.
  else if (request.mode === "navigate" && address.test(url.pathname)) event.respondWith(fetch(request).catch(() => kept(shell)));
  else if (asset.test(url.pathname)) event.respondWith(kept(url.pathname).then((found) => found ?? fetchAsset(request, url.pathname)));
});

addEventListener("message", (event) => {
  // The page says what it is made of; what an older one was made of goes.
  if (Array.isArray(event.data?.assets)) event.waitUntil(keepAssets(event.data.assets.filter((path) => typeof path === "string" && asset.test(path))));
  if (event.data?.ready === true) give(event.source);
});

const kept = async (path) => (await caches.open(cacheName)).match(path);

async function keepShell() {
  await (await caches.open(cacheName)).put(shell, await fetch(shell, { cache: "no-store" }));
}

async function fetchAsset(request, path) {
  const answer = await fetch(request);
  // Only what never changes under its name.
  if (answer.ok && path.startsWith("/assets/")) await (await caches.open(cacheName)).put(path, answer.clone());
  return answer;
}

async function keepAssets(paths) {
  const cache = await caches.open(cacheName);
  await keepShell();
  await Promise.all(paths.map(async (path) => (await cache.match(path)) ?? cache.add(path)));
  for (const { url } of await cache.keys()) {
    const path = new URL(url).pathname;
    if (path !== shell && !paths.includes(path)) await cache.delete(path);
  }
}

// ---- what other programs share with this one: it goes from here into the tab, and to no server ------------------------------

let shared;

async function takeShared(event) {
  const form = await event.request.formData();
  const text = ["title", "text", "url"].map((name) => form.get(name)).filter((value) => typeof value === "string" && value !== "").join("\n");
  shared = { text, files: form.getAll("files").filter((file) => file instanceof File) };
  // The tab that this opens asks for it; another one must not get it by chance.
  return Response.redirect("/#shared", 303);
}

function give(client) {
  if (!shared || !client) return;
  client.postMessage({ shared });
  shared = undefined;
}
