// What the user sees and does. The bytes, the hashing and the connection are the Worker's.
import { activityLog } from "./activity";
import { Announcer } from "./announcer";
import { flame, h } from "./dom";
import { HomeScreen } from "./home";
import type { HowScreen } from "./how";
import { iconOf } from "./icon";
import { install } from "./install";
import { remember, speakFitting } from "./language";
import type { Content, FromHolder, Happening, NewFile, PageState, ToHolder } from "./messages";
import { PageScreen } from "./page";
import { PageFiles } from "./page-files";
import { languagePicker } from "./picker";
import { isHeld, sceneOf, titleOf } from "./scene";
import type { LinkState } from "./socket";
import { startWorker } from "./start-worker";
import { held, name, page as pageWords, shell, short, show as showWords, title, type Language } from "./words";
import { loadTabName, saveTabName, type TabSurroundings } from "./tab-name";

const tab: TabSurroundings = { window, storage: () => sessionStorage, random: (bytes) => crypto.getRandomValues(bytes) };
const pages = new Map<string, PageState>();
let link: LinkState | "broken" = "connecting";
let retryAt = 0;
let looking: string | undefined;
let guestTitle = "";
let created = false;
/** Of the private pages that were seen with their key. */
const keys = new Map<string, string>();

let spoken = await speakFitting();
const announcer = new Announcer();
const activity = activityLog();
const holder = startWorker(heard, () => {
  link = "broken";
  render();
});
const tell = (message: ToHolder): void => holder?.postMessage(message);
const files = new PageFiles(tell);
/** What has happened in this tab, for the drawing of it. */
const happenings: Happening[] = [];
const mostHappenings = 12;
let how: HowScreen | undefined;
let home: HomeScreen;
let screen: PageScreen;
let newPage: HTMLElement;
build();

/** Everything that is seen, in the language that is spoken now; what was written and chosen stays. */
function build(): void {
  const written = home?.leave();
  const attend = screen?.leave();
  home = new HomeScreen({
    create: (page) => tell({ type: "create", page }),
    stopMaking: () => tell({ type: "stop-making" }),
    go: (page) => go(addressOf(page)),
    release: (page) => tell({ type: "release", page }),
    keep: (draft) => tell({ type: "draft", draft }),
  }, written);
  screen = new PageScreen({
    bring: (page, variants) => tell({ type: "bring", page, variants }),
    unlock: (page, key, passphrase) => {
      if (key !== "") {
        history.replaceState(null, "", `/${page}#${key}`);
        route();
      }
      tell({ type: "unlock", page, key, passphrase });
    },
    load: (page) => tell({ type: "load", page }),
    pause: (page) => tell({ type: "pause", page }),
    file: (name) => files.get(looking ?? "", name),
    saveFile: (name, size) => files.save(looking ?? "", name, size),
    peek: (page) => tell({ type: "peek", page }),
    follow: (next) => {
      const key = looking && keys.get(looking);
      if (key) keys.set(next, key);
      // With the passphrase of this one, if it has one.
      if (looking) tell({ type: "peek", page: looking });
      go(addressOf(next));
    },
    edit: (content, change) => void edit(content, change),
    tryNow: () => tell({ type: "try-now" }),
    again: (page) => tell({ type: "again", page }),
    goHome: () => go("/"),
    announce: (text) => announcer.say(text),
    titled: (text) => {
      guestTitle = text;
      render();
    },
  }, attend);
  const within = (act: () => void) => (event: Event): void => {
    event.preventDefault();
    act();
  };
  newPage = h("a", { class: "button", href: "/", onclick: within(() => { home.desk.clear(); go("/"); }) }, pageWords.newPage);
  const wordmark = h("a", { class: "wordmark", href: "/", onclick: within(() => go("/")) });
  wordmark.append(flame(), name);
  activity.name();
  const toHow = h("a", { href: "/how", onclick: within(() => go("/how")) }, shell.how);
  const foot = h("footer", { class: "foot" }, activity.element, toHow, languagePicker(spoken.language, (language) => void speakAnew(language)));
  document.body.replaceChildren(h("header", { class: "top" }, wordmark, newPage), h("main", {}, home.element, screen.element), foot, announcer.element);
}

async function speakAnew(language: Language): Promise<void> {
  remember(language);
  spoken = await speakFitting();
  tell({ type: "speak", ...spoken });
  build();
  face();
  // What it is and what it has is told once more, and so shown in the new words.
  if (looking !== undefined) tell({ type: "open", page: looking, key: location.hash.slice(1) });
  render();
  document.querySelector<HTMLElement>("#language")?.focus();
}

// ---- where the user is --------------------------------------------------------------------------------------------

function go(path: string): void {
  history.pushState(null, "", path);
  route();
}

/** With its key: the part behind the # never leaves the browser. */
function addressOf(page: string): string {
  const key = keys.get(page);
  return key ? `/${page}#${key}` : `/${page}`;
}

function route(): void {
  const page = /^\/([0-9a-f]{64})$/.exec(location.pathname)?.[1];
  const key = location.hash.slice(1);
  if (page !== undefined && key !== "") keys.set(page, key);
  if (page !== undefined && page === looking) {
    screen.turnTo(page, key);
    return tell({ type: "open", page, key });
  }
  // What is held, or on its way, stays while the tab is open; what is only waited for is waited for while it is looked at.
  const left = looking === undefined ? undefined : pages.get(looking)?.phase;
  if (looking !== undefined && left !== "held" && left !== "gathering") {
    tell({ type: "release", page: looking });
    pages.delete(looking);
  }
  const peeked = looking === undefined ? undefined : pages.get(looking)?.newer;
  const peekedAt = peeked === undefined ? undefined : pages.get(peeked)?.phase;
  if (peeked !== undefined && peeked !== page && peekedAt !== undefined && peekedAt !== "held" && peekedAt !== "gathering") {
    tell({ type: "release", page: peeked });
    pages.delete(peeked);
  }
  looking = page;
  guestTitle = "";
  face();
  if (page === undefined) {
    tell({ type: "watch" });
    if (!home.element.hidden) home.desk.focus();
  } else {
    tell({ type: "unwatch" });
    tell({ type: "open", page, key });
  }
  render();
}

/** Which of the screens is seen. */
function face(): void {
  const explains = location.pathname === "/how";
  document.querySelector("main")!.classList.toggle("explains", explains);
  home.element.hidden = looking !== undefined || explains;
  how?.leave();
  how?.element.remove();
  how = undefined;
  if (explains) void explain();
  screen.element.hidden = newPage.hidden = looking === undefined;
  if (looking !== undefined) screen.turnTo(looking, location.hash.slice(1));
}

async function explain(): Promise<void> {
  const { HowScreen } = await import("./how");
  if (location.pathname !== "/how" || how) return;
  how = new HowScreen(happenings);
  document.querySelector("main")!.append(how.element);
  if (location.hash === "#who") how.element.querySelector("#who")!.scrollIntoView();
}

/** Takes the page to the desk, with all its files. */
async function edit({ page, document: shown, sealed }: Content, change: boolean): Promise<void> {
  const chosen: NewFile[] = [];
  for (const { name, type } of shown.files) {
    const file = await files.get(page, name);
    if (!file) return announcer.say(showWords.notHad);
    chosen.push({ name, type, file });
  }
  if (page !== looking) return;
  go("/");
  home.desk.edit({
    kind: shown.kind === "html" || shown.kind === "text" ? shown.kind : "markdown", text: shown.text, files: chosen, isSite: shown.entry !== undefined,
    sealed: sealed ? { passphrase: "" } : undefined, editable: change, follows: change ? page : undefined,
  });
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
      return home.desk.limit(message.maxBlob);
    case "making":
      return home.desk.making(message.done, message.total);
    case "draft":
      return home.desk.goOn(message.draft);
    case "not-made":
      return home.desk.made(message.why);
    case "created":
      home.desk.made();
      created = true;
      if (message.key) keys.set(message.page, message.key);
      return go(addressOf(message.page));
    case "about":
      return screen.showAbout(message.about);
    case "state":
      pages.set(message.state.page, message.state);
      screen.newerState(message.state);
      return render();
    case "content":
      if (message.content.page !== looking) return screen.showNewer(message.content);
      screen.showContent(message.content, pages.get(message.content.page)?.own ?? false);
      return render();
    case "gone":
      pages.delete(message.page);
      return render();
    case "not-the-same":
      return screen.notTheSame(message.got);
    case "file":
      return files.heard(message.id, message.file);
    case "happened":
      happenings.push(message.happening);
      if (happenings.length > mostHappenings) happenings.shift();
      return how?.happens(message.happening);
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
    document.title = location.pathname === "/how" ? `${shell.how} · ${title.home}` : title.home;
    if (icon && icon.getAttribute("href") !== "/lit.svg") icon.href = "/lit.svg";
    home.holding([...pages.values()].filter(({ phase }) => phase === "held" || phase === "gathering"));
    return;
  }
  const state = pages.get(looking);
  const scene = sceneOf(link, state, navigator.onLine);
  screen.show(scene, state, retryAt ? Math.max(0, Math.ceil((retryAt - Date.now()) / 1000)) : -1);
  document.title = titleOf(scene, state?.holders, guestTitle || `${short(looking)} · ${name}`);
  const health = iconOf(scene, state?.holders);
  if (icon && icon.getAttribute("href") !== health) icon.href = health;
  if (created && isHeld(scene)) {
    created = false;
    screen.focusCopy();
  }
  announcer.scene(looking, scene, state?.holders);
}

// Seconds that are counted down, and the line of the page's health that goes on.
setInterval(() => {
  if (retryAt || (looking !== undefined && !document.hidden)) render();
}, 1_000);

// ---- what the browser says ----------------------------------------------------------------------------------------

window.addEventListener("popstate", route);
window.addEventListener("hashchange", route);
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

tell({ type: "speak", ...spoken });
tell({ type: "start", url: `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`, name: loadTabName(tab) });
route();
void install((shared) => {
  if (looking !== undefined) go("/");
  home.desk.take(shared);
});
