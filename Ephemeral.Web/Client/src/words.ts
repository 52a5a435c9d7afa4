// Every text that a person reads, in one place.
import type { LinkState } from "./socket";
import type { Standing } from "./wire";

export const short = (hash: string): string => `${hash.slice(0, 4)}…${hash.slice(-4)}`;

const count = (n: number, one: string, many: string): string => (n === 1 ? `1 ${one}` : `${n.toLocaleString("en")} ${many}`);

export function size(bytes: number): string {
  if (bytes < 1024) return count(bytes, "byte", "bytes");
  const [amount, unit] = bytes < 1024 ** 2 ? [bytes / 1024, "KiB"] : [bytes / 1024 ** 2, "MiB"];
  return `${amount.toLocaleString("en", { maximumFractionDigits: amount < 10 ? 2 : 1 })} ${unit}`;
}

export const name = "Ephemeral";

export const home = {
  heading: "A page that lives while someone is looking",
  lead:
    "What you write stays in this tab, and in the tab of everyone who opens its link; no server keeps it. When the last of these tabs closes, the page is gone.",
  label: "Your page",
  placeholder: "Write something, or paste HTML. You can drop a text file here, too.",
  create: "Create page",
  empty: "There is nothing here yet. Write something first.",
  tooLarge: (bytes: number, limit: number) => `This is ${size(bytes)}, and a page here can have ${size(limit)} at most. Shorten it, then try again.`,
  notText: (file: string) => `“${file}” isn't text in UTF-8, and a page is made of text for now.`,
  oneFile: "One file at a time, please.",
  lineEnds: "The line ends are kept as they came (CRLF).",
  pulse: (pages: number, people: number) => `${count(pages, "page", "pages")} alive, held by ${count(people, "person", "people")}`,
  stillHolding: (n: number) => (n === 1 ? "This tab still keeps a page alive:" : `This tab still keeps ${n} pages alive:`),
  goTo: (page: string) => `Open ${short(page)}`,
  letGo: "Let it go",
};

export const page = {
  newPage: "New page",
  copy: "Copy link",
  copied: "Link copied",
  copyByHand: "Copy this link:",
  save: "Save a copy",
  raw: "Get the raw bytes",
  viewing: (n: number | undefined) => `Currently viewing: ${n === undefined ? "–" : n.toLocaleString("en")}`,
  lights: (n: number) => `+${n.toLocaleString("en")}`,
  activity: "Activity",
};

export const held = {
  settling: "You have it. Telling the others…",
  alone: "You are the only one here. If you close this tab, the page is gone.",
  with: (others: number) => `You and ${count(others, "other", "others")} keep this page alive.`,
  lost: "The connection is lost. You still have the page, and it is offered again as soon as the connection is back.",
  turnedAway: "You can read it here, but this site won't count you among its holders right now.",
  closing: "You are the only one who has this page. If you leave, it is gone.",
};

export interface Telling {
  heading: string;
  text: string;
}

export const waiting = {
  connecting: { heading: "Connecting", text: "Finding the way to the others. This usually takes less than a second." },
  asking: { heading: "Asking for the page", text: "Someone has it. It comes straight from their tab, so it can take a moment." },
  asked: { heading: "Asking for the page", text: "Looking for someone who has it." },
  gathering: (got: number, total: number, holders: number | undefined): Telling => ({
    heading: "Receiving the page",
    text: `${got} of ${total} parts are here${holders ? `, from ${count(holders, "holder", "holders")}` : ""}. Each is checked as it comes.`,
  }),
  nobody: {
    heading: "Nobody holds this page right now",
    text: "A page lives only in the tabs of those who look at it, and at the moment there are none. Keep this tab open and it appears by itself when someone comes back with it.",
  },
  nobodyPart: {
    heading: "Nobody holds this page right now",
    text: "You have a part of it. Keep this tab open and the rest comes by itself when someone comes back with it.",
  },
  others: (n: number) => (n === 1 ? "One other person is waiting for it, too." : `${n.toLocaleString("en")} others are waiting for it, too.`),
  lost: { heading: "The connection is lost", text: "It is tried again by itself. Asking for the page goes on from there." },
  refused: { heading: "This site asked for a pause", text: "Something this tab sent was refused, so it waits a little before it tries again." },
  impossible: {
    heading: "No connection can be made",
    text: "This page comes over a live connection (a WebSocket), and none came about. The site may be down, or something between here and there blocks such connections. It is tried again by itself.",
  },
  broken: {
    heading: "This browser can't run the reader",
    text: "The part that fetches and holds pages did not start. A current version of Firefox, Chrome, Edge or Safari can do it.",
  },
  wrong: {
    heading: "That wasn't this page",
    text: "What came under this address had other content than the address says, so it was thrown away. You are safe. Ask again, and another holder may have the true one.",
  },
  blocked: {
    heading: "This page is blocked here",
    text: "Whoever runs this site has blocked it. It isn't passed on here, and this tab has let go of it.",
  },
  turnedAway: { heading: "This tab is asking for too much", text: "It already asks for as many pages as the site allows. Close some, then try again." },
  unusable: (why: string): Telling => ({
    heading: "This reader can't show the page",
    text: `The page came whole and unchanged, but ${why}. You can still have its bytes.`,
  }),
  retryIn: (seconds: number) => (seconds <= 1 ? "Trying again now…" : `Next try in ${seconds} seconds.`),
  tryNow: "Try now",
  askAgain: "Ask again",
  goHome: "Write a page of your own",
};

export const bring = {
  heading: "Do you have its content?",
  text: "The very same content makes the very same page. Paste it here or drop its file, and this address lives again.",
  label: "The page's content",
  button: "Bring it back",
  choose: "Choose a file",
  empty: "Paste the content first, or choose its file.",
  other: (hash: string) => `That isn't the same: it would be the page ${short(hash)}. Every letter, space and line end counts.`,
  checking: "Checking…",
};

export const frame = {
  title: "Page content (untrusted)",
  safe: "A stranger's page. Scripts are off.",
  safeOwn: "Your page, as others see it. Scripts are off.",
  run: "Run scripts",
  risk:
    "Its scripts run in a closed box, away from this site, your files and the web. Today's browsers leave a gap in it: a script can still send word to its author, that somebody reads this, from which internet address, and what you do in the page.",
  confirm: "Run them",
  cancel: "Keep them off",
  running: "A stranger's page. Scripts are running.",
  runningOwn: "Your page. Scripts are running.",
  stop: "Turn scripts off",
  blocked: (n: number) => `${count(n, "thing", "things")} from elsewhere not loaded.`,
  wantsOpen: "This page wants to open",
  open: "Open",
  copy: "Copy",
  dismiss: "Dismiss",
  nowhere: "That link leads nowhere: a page here has no neighbours.",
  off: "Nothing of the page is shown.",
  silent: "The page does not respond. You still hold it.",
  stopIt: "Stop it",
  stopped: "Stopped. You still hold the page.",
  left: "The page tried to leave its frame.",
  again: "Show it again",
};

export const files = {
  heading: (n: number) => count(n, "file", "files"),
  save: "Save",
  saveNamed: (file: string) => `Save ${file}`,
};

export const kinds = {
  markdown: "This is Markdown, shown as it was written.",
  other: (kind: string) => `This page is of the kind “${kind}”, which this reader can't show yet. It is held all the same, and you can have its bytes.`,
};

/** What a screen reader hears, and nothing more often than needed. */
export const said = {
  viewing: (n: number) => `${count(n, "person", "people")} viewing`,
};

export const title = {
  home: "Ephemeral",
  held: (holders: number | undefined, of: string) => `${holders === undefined ? "" : `${holders} here · `}${of}`,
  nobody: (of: string) => `Nobody here · ${of}`,
  lost: (of: string) => `Reconnecting · ${of}`,
  waiting: (of: string) => `Waiting · ${of}`,
  stuck: (of: string) => `Not shown · ${of}`,
};

const seconds = (ms: number): string => `${(ms / 1000).toLocaleString("en", { maximumFractionDigits: 1 })} s`;

export const log = {
  welcomed: "Connected. The node said welcome.",
  goodbye: "This node is going away. Moving to another.",
  link: (state: LinkState, retryInMs: number) =>
    state === "connecting" ? "Connecting…" : `No connection (${state}).${retryInMs ? ` Next try in ${seconds(retryInMs)}.` : ""}`,
  created: (hash: string, bytes: number) => `Made ${short(hash)} out of ${size(bytes)}.`,
  wanting: (hash: string) => `Asking for ${short(hash)}.`,
  received: (hash: string, bytes: number) => `${short(hash)} is here: ${size(bytes)}, SHA-256 checked.`,
  holding: (hash: string) => `Standing by to give ${short(hash)} to whoever asks.`,
  gave: (hash: string, blob: string, bytes: number) =>
    blob === hash ? `Gave ${short(hash)} (${size(bytes)}).` : `Gave ${short(blob)}, a part of ${short(hash)} (${size(bytes)}).`,
  missed: (hash: string, blob: string) => `Was asked for ${short(blob)} of ${short(hash)}, and doesn't have it.`,
  released: (hash: string) => `Let go of ${short(hash)}.`,
  broughtBack: (hash: string) => `Brought ${short(hash)} back.`,
  restored: (hash: string) => `Kept ${short(hash)} over the reload.`,
  notKept: "This browser can't keep pages over a reload here: reloading lets go of them.",
  wrong: (hash: string) => `What came as a part of ${short(hash)} had the wrong SHA-256. Thrown away.`,
  unusable: (hash: string, why: string) => `${short(hash)} can't be used: ${why}.`,
  sizes: "its files don't have the sizes that it lists",
  status: (s: { page: string; holders: number; waiters: number; you: Standing }) =>
    `${short(s.page)}: ${count(s.holders, "holder", "holders")}, ${s.waiters} waiting; you: ${s.you}.`,
  error: (code: string, message: string) => `The node says ${code}: ${message}`,
};
