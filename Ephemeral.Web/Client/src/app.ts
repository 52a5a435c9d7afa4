// What the user sees and does. The bytes, the hashing and the connection are the Worker's.
import { activityLog } from "./activity";
import { flame, h, saveAs, say } from "./dom";
import { homeScreen } from "./home";
import type { FromHolder, PageState, ToHolder } from "./messages";
import { PageScreen } from "./page";
import { isHeld, sceneOf, titleOf, type Scene } from "./scene";
import type { LinkState } from "./socket";
import { startWorker } from "./start-worker";
import { held, name, page as pageWords, said, short, title } from "./words";
import { loadTabName, saveTabName, type TabSurroundings } from "./tab-name";

const tab: TabSurroundings = { window, storage: () => sessionStorage, random: (bytes) => crypto.getRandomValues(bytes) };
const pages = new Map<string, PageState>();
let link: LinkState | "broken" = "connecting";
let retryAt = 0;
let looking: string | undefined;
let guestTitle = "";
let created = false;

const announcer = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
const activity = activityLog();
const holder = startWorker(heard, () => {
  link = "broken";
  render();
});
const tell = (message: ToHolder): void => holder?.postMessage(message);

const home = homeScreen({
  create: (bytes) => tell({ type: "create", bytes }),
  go: (page) => go(`/${page}`),
  release: (page) => tell({ type: "release", page }),
});
const screen = new PageScreen({
  bring: (page, variants) => tell({ type: "bring", page, variants }),
  saveFile: (page, name) => tell({ type: "file", page, name }),
  tryNow: () => tell({ type: "try-now" }),
  again: (page) => tell({ type: "again", page }),
  goHome: () => go("/"),
  announce: (text) => say(announcer, text),
  titled: (text) => {
    guestTitle = text;
    render();
  },
});
const newPage = h("a", {
  class: "button", href: "/", hidden: true,
  onclick: (event) => {
    event.preventDefault();
    home.clear();
    go("/");
  },
}, pageWords.newPage);
const wordmark = h("a", { class: "wordmark", href: "/", onclick: (event) => { event.preventDefault(); go("/"); } });
wordmark.append(flame(), name);
document.body.append(h("header", { class: "top" }, wordmark, newPage), h("main", {}, home.element, screen.element), activity.element, announcer);

// ---- where the user is --------------------------------------------------------------------------------------------

function go(path: string): void {
  history.pushState(null, "", path);
  route();
}

function route(): void {
  const page = /^\/([0-9a-f]{64})$/.exec(location.pathname)?.[1];
  if (page === looking && page !== undefined) return;
  // What is held stays held while the tab is open; what is only waited for is waited for while it is looked at.
  if (looking !== undefined && pages.get(looking)?.phase !== "held") {
    tell({ type: "release", page: looking });
    pages.delete(looking);
  }
  looking = page;
  guestTitle = "";
  home.element.hidden = page !== undefined;
  screen.element.hidden = newPage.hidden = page === undefined;
  if (page === undefined) {
    tell({ type: "watch" });
    home.focus();
  } else {
    tell({ type: "unwatch" });
    screen.turnTo(page);
    tell({ type: "open", page });
  }
  render();
}

// ---- what the Worker says -----------------------------------------------------------------------------------------

function heard(message: FromHolder): void {
  switch (message.type) {
    case "ready":
      saveTabName(message.name, tab);
      return;
    case "link":
      link = message.state;
      retryAt = message.retryInMs > 0 ? Date.now() + message.retryInMs : 0;
      return render();
    case "limits":
      return home.limit(message.maxBlob);
    case "created":
      created = true;
      return go(`/${message.page}`);
    case "state":
      pages.set(message.state.page, message.state);
      return render();
    case "content":
      screen.showContent(message.content, pages.get(message.content.page)?.own ?? false);
      return render();
    case "gone":
      pages.delete(message.page);
      return render();
    case "not-the-same":
      return screen.notTheSame(message.got);
    case "file":
      return saveAs(message.file, message.name.split("/").at(-1)!);
    case "pulse":
      return home.pulse(message.pages, message.holders);
    case "log":
      return activity.add(message.at, message.text);
  }
}

// ---- what is shown ------------------------------------------------------------------------------------------------

function render(): void {
  const icon = document.querySelector<HTMLLinkElement>("link[rel=icon]");
  if (looking === undefined) {
    document.title = title.home;
    if (icon) icon.href = "/lit.svg";
    home.holding([...pages.values()].filter((state) => state.phase === "held").map((state) => state.page));
    return;
  }
  const state = pages.get(looking);
  const scene = sceneOf(link, state);
  screen.show(scene, state, retryAt ? Math.max(0, Math.ceil((retryAt - Date.now()) / 1000)) : -1);
  document.title = titleOf(scene, state?.holders, guestTitle || `${short(looking)} · ${name}`);
  const lit = isHeld(scene) ? "/lit.svg" : "/out.svg";
  if (icon && icon.getAttribute("href") !== lit) icon.href = lit;
  if (created && isHeld(scene)) {
    created = false;
    screen.focusCopy();
  }

  announce(scene, state?.holders);
}

let lastScene = "";
let countSaidAt = 0;

/** Each change of scene is said; the number of holders only now and then, or a crowd would never let it rest. */
function announce(scene: Scene, holders: number | undefined): void {
  const now = `${looking} ${scene}`;
  if (now !== lastScene) {
    lastScene = now;
    countSaidAt = Date.now(); // a number right after it would take its place before it is heard
    say(announcer, said[scene]);
  } else if (scene === "held" && holders !== undefined && Date.now() - countSaidAt > 5_000) {
    countSaidAt = Date.now();
    say(announcer, said.viewing(holders));
  }
}

setInterval(() => {
  if (retryAt) render();
}, 1_000);

// ---- what the browser says ----------------------------------------------------------------------------------------

window.addEventListener("popstate", route);
window.addEventListener("online", () => tell({ type: "online" }));
window.addEventListener("offline", () => tell({ type: "offline" }));
window.addEventListener("pageshow", (event) => tell({ type: event.persisted ? "online" : "seen" }));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) tell({ type: "seen" });
});
window.addEventListener("beforeunload", (event) => {
  const last = [...pages.values()].some((state) => state.standing === "holder" && state.holders === 1);
  if (!last) return;
  event.preventDefault();
  event.returnValue = held.closing;
});

tell({ type: "start", url: `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`, name: loadTabName(tab) });
route();
