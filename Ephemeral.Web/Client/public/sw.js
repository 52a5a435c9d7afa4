// Keeps the site's own program on this device, so that it starts without a network and can be installed. Never anything of a page:
// neither its content nor its address. It answers for nothing but the shell and the files that the shell is made of.
const cacheName = "ephemeral-shell";
const shell = "/";
const asset = /^\/(assets\/[\w.-]+|[\w-]+\.(svg|png)|manifest\.webmanifest)$/;
const address = /^\/(?:[0-9a-f]{64})?$/;

addEventListener("install", (event) => event.waitUntil(inTurn(keepShell).then(() => skipWaiting())));
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
  if (event.data?.started === true) event.waitUntil(inTurn(keepShell));
  // The page says what it is made of.
  const assets = event.data?.assets;
  if (Array.isArray(assets)) event.waitUntil(inTurn(() => keepAssets(assets.filter((path) => typeof path === "string" && asset.test(path)))));
  if (event.data?.ready === true) give(event.source);
});

const kept = async (path) => (await caches.open(cacheName)).match(path);

// One thing after the other: what is kept of a new program must not go with what was kept of an old one.
let last = Promise.resolve();
const inTurn = (work) => (last = last.then(work, work));

/** What an older program was made of goes when there is a newer one. */
async function keepShell() {
  const cache = await caches.open(cacheName);
  const [old, fresh] = await Promise.all([cache.match(shell), fetch(shell, { cache: "no-store" })]);
  if (!fresh.ok) return;
  const isOther = old && (await old.text()) !== (await fresh.clone().text());
  if (isOther) for (const request of await cache.keys()) await cache.delete(request);
  await cache.put(shell, fresh);
}

async function fetchAsset(request, path) {
  const answer = await fetch(request);
  // Only what never changes under its name.
  if (answer.ok && path.startsWith("/assets/")) await (await caches.open(cacheName)).put(path, answer.clone());
  return answer;
}

async function keepAssets(paths) {
  const cache = await caches.open(cacheName);
  await Promise.all(paths.map(async (path) => (await cache.match(path)) ?? cache.add(path)));
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
