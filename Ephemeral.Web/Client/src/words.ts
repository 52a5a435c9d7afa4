// Every text that a person reads, in one place.
import type { LinkState } from "./socket";
import type { Standing } from "./wire";

export const short = (hash: string): string => `${hash.slice(0, 4)}…${hash.slice(-4)}`;

const count = (n: number, one: string, many: string): string => (n === 1 ? `1 ${one}` : `${n.toLocaleString("en")} ${many}`);

export function size(bytes: number): string {
  if (bytes < 1024) return count(bytes, "byte", "bytes");
  const [amount, unit] = bytes < 1024 ** 2 ? [bytes / 1024, "KiB"] : bytes < 1024 ** 3 ? [bytes / 1024 ** 2, "MiB"] : [bytes / 1024 ** 3, "GiB"];
  return `${amount.toLocaleString("en", { maximumFractionDigits: amount < 10 ? 2 : 1 })} ${unit}`;
}

export const name = "Ephemeral";

export const home = {
  heading: "A page that lives while someone is looking",
  lead:
    "What you write stays in this tab, and in the tab of everyone who opens its link; no server keeps it. When the last of these tabs closes, the page is gone.",
  label: "Your page",
  placeholder: "Write something, or paste HTML. You can drop and paste files and pictures here, too.",
  create: "Create page",
  empty: "There is nothing here yet. Write something or add a file first.",
  tooLarge: (bytes: number, limit: number) => `This is ${size(bytes)}, and a page here can have ${size(limit)} at most. Shorten it, then try again.`,
  kind: "Written as",
  kinds: { html: "HTML", markdown: "Markdown", text: "Plain text" },
  addFiles: "Add files",
  addFolder: "Add a folder",
  dropHere: "Drop it to add it to the page",
  files: (n: number, bytes: number) => `${count(n, "file", "files")}, ${size(bytes)}`,
  more: (n: number) => `and ${count(n, "more file", "more files")}`,
  remove: "Remove",
  removeNamed: (file: string) => `Remove ${file}`,
  removeAll: "Remove all",
  badName: (file: string) => `“${file}” has a name that a page can't use: too long, or with parts like “..”. Rename it, then try again.`,
  tooMany: (most: number) => `More than ${most.toLocaleString("en")} files are too many for one page. Pack them into an archive first.`,
  unreadable: (file: string) => `“${file}” can't be read.`,
  site: "Open it as a small web site",
  siteHint: (entry: string) => `starts with ${entry}`,
  private: "Private",
  privateHint: "Encrypted here, in your browser. Only people with the whole link can read it; others can hold it without reading it.",
  privateImpossible: "Private pages need a secure address (https).",
  passphrase: "Passphrase, if you want one besides the link",
  passphraseHint: "Pass it on by another way than the link. Nobody can restore it for you.",
  lineEnds: "The line ends are kept as they came (CRLF).",
  pulse: (pages: number, people: number) => `${count(pages, "page", "pages")} alive, held by ${count(people, "person", "people")}`,
  stillHolding: (n: number) => (n === 1 ? "This tab still keeps a page alive:" : `This tab still keeps ${n} pages alive:`),
  goTo: (page: string) => `Open ${short(page)}`,
  letGo: "Let it go",
};

/** Why a page could not be made. */
export const make = {
  progress: (done: number, total: number) => `Making the page: ${size(done)} of ${size(total)}`,
  stop: "Stop",
  stopped: "Stopped. Nothing was made.",
  tooMuch: "This is too much for one page here. Take some of it out, then try again.",
  changed: (file: string) => `“${file}” was changed or can't be read any more since you chose it. Choose it again.`,
  failed: "The page could not be made. Nothing was shared; try again.",
};

export const page = {
  newPage: "New page",
  report: "Report this page",
  copy: "Copy link",
  copied: "Link copied",
  copiedSaid: "The link is on the clipboard.",
  copyByHand: "Copy this link:",
  copyWithoutKey: "Copy without the key",
  copiedWithoutKeySaid: "The link without its key is on the clipboard. With it the page can be held, and not read.",
  given: (bytes: number, rate: number) => `You have given ${size(bytes)} to others${rate > 0 ? `, ${size(rate)}/s right now` : ""}.`,
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
  gathering: (gotBytes: number, totalBytes: number, holders: number | undefined): Telling => ({
    heading: "Receiving the page",
    text: `${size(gotBytes)} of ${size(totalBytes)} are here${holders ? `, from ${count(holders, "holder", "holders")}` : ""}. Every part is checked as it comes.`,
  }),
  rate: (rate: number, secondsLeft: number | undefined) => `${size(rate)}/s${secondsLeft === undefined ? "" : `, ${duration(secondsLeft)} left`}`,
  offered: (bytes: number, holders: number | undefined): Telling => ({
    heading: `Load ${size(bytes)}?`,
    text: `It comes from ${holders ? count(holders, "holder", "holders") : "those who hold it"}, and is in this tab as long as it is open.`,
  }),
  offeredPart: (gotBytes: number, bytes: number): Telling => ({
    heading: `Load the other ${size(bytes - gotBytes)}?`,
    text: `${size(gotBytes)} of ${size(bytes)} are here already.`,
  }),
  load: "Load it",
  pause: "Stop",
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

export const about = {
  kinds: { html: "A web page", markdown: "A text in Markdown", text: "A plain text", files: "Files", sealed: "A private page", site: "A small web site" } as Record<string, string>,
  other: (kind: string) => `A page of the kind “${kind}”`,
  withFiles: (n: number) => `with ${count(n, "file", "files")}`,
  more: (n: number) => `and ${count(n, "more", "more")}`,
  bytesOf: (got: number, of: number) => (got >= of ? `${size(of)} ✓` : got === 0 ? size(of) : `${size(got)} of ${size(of)}`),
};

export const lock = {
  noKey: {
    heading: "This page is private",
    text: "It is encrypted, and this link has no key. You can help to keep it alive without reading it. To read it, ask for the whole link, or put in its key.",
  },
  wrongKey: { heading: "This key doesn't fit", text: "The link may be cut short, or its key belongs to another page. You can keep the page alive all the same." },
  passphrase: { heading: "This page needs its passphrase", text: "The link has a key, and besides it the page was given a passphrase. Ask whoever gave you the link." },
  wrongPassphrase: { heading: "That didn't open it", text: "The passphrase is another one, or the key in the link belongs to another page. Every letter counts, large and small." },
  opening: { heading: "Opening it", text: "This takes a moment, so that nobody can try many passphrases." },
  noCrypto: { heading: "This page is private", text: "Browsers decrypt only on a secure address (https), and this one isn't. You can keep the page alive without reading it." },
  key: "The key: what stands behind the # in the link",
  passphraseLabel: "Passphrase",
  open: "Open it",
  keyNeeded: "A key is 43 letters and digits long. The whole link does, too.",
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
  other: (kind: string) => `This page is of the kind “${kind}”, which this reader can't show yet. It is held all the same, and you can have its bytes.`,
};

/** What a screen reader hears when something changes: shorter than what stands on the screen, and not more often than needed. */
export const said = {
  viewing: (n: number) => `${count(n, "person is", "people are")} here now.`,
  connecting: "Making a connection.",
  asking: "The page was asked for.",
  nobody: "No holder at the moment. Waiting for one.",
  gathering: "The page is coming in, part by part.",
  offered: "It is large. Say whether to load it.",
  lost: "Connection gone. Trying to get it back.",
  refused: "The site wants a pause.",
  impossible: "There is no way to connect so far.",
  broken: "The reader could not start.",
  wrong: "Something else came, and was thrown away.",
  blocked: "The operator has blocked it.",
  "turned-away": "Too many pages are asked for.",
  unusable: "The page came, and can't be shown.",
  settling: "The page is here.",
  alone: "Only you are here now.",
  held: "Others are here, too.",
  "held-lost": "Connection gone. The page is still with you.",
  "held-turned-away": "The page is here, but not counted.",
} as const;

export const title = {
  home: "Ephemeral",
  held: (holders: number | undefined, of: string) => `${holders === undefined ? "" : `${holders} here · `}${of}`,
  nobody: (of: string) => `Nobody here · ${of}`,
  lost: (of: string) => `Reconnecting · ${of}`,
  waiting: (of: string) => `Waiting · ${of}`,
  stuck: (of: string) => `Not shown · ${of}`,
};

function duration(seconds: number): string {
  if (seconds < 90) return `about ${count(Math.max(1, Math.round(seconds)), "second", "seconds")}`;
  return seconds < 5400 ? `about ${Math.round(seconds / 60)} minutes` : `about ${Math.round(seconds / 3600)} hours`;
}

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
  whole: (hash: string, bytes: number, parts: number) => `All of ${short(hash)} is here: ${size(bytes)} in ${count(parts, "part", "parts")}, each SHA-256 checked.`,
  gave: (hash: string, bytes: number) => `Gave ${short(hash)} (${size(bytes)}).`,
  missed: (hash: string, blob: string) => `Was asked for ${short(blob)} of ${short(hash)}, and doesn't have it.`,
  released: (hash: string) => `Let go of ${short(hash)}.`,
  broughtBack: (hash: string) => `Brought ${short(hash)} back.`,
  restored: (hash: string) => `Kept ${short(hash)} over the reload.`,
  noFile: "A file of the page could not be put together.",
  notKept: "This browser can't keep pages over a reload here: reloading lets go of them.",
  wrong: (hash: string) => `What came as a part of ${short(hash)} had the wrong SHA-256. Thrown away.`,
  unusable: (hash: string, why: string) => `${short(hash)} can't be used: ${why}.`,
  sizes: "its files don't have the sizes that it lists",
  status: (s: { page: string; holders: number; waiters: number; you: Standing }) =>
    `${short(s.page)}: ${count(s.holders, "holder", "holders")}, ${s.waiters} waiting; you: ${s.you}.`,
  error: (code: string, message: string) => `The node says ${code}: ${message}`,
};

export const show = {
  content: "Page content",
  loading: "One moment…",
  failed: "This can't be shown here. You still hold it, and you can save it.",
  nowhere: "That link leads nowhere: the page has no such file.",
  markdown: "A stranger's text in Markdown.",
  markdownOwn: "Your text in Markdown, as others see it.",
  pdf: "A stranger's PDF.",
  pdfOwn: "Your PDF, as others see it.",
  site: "Where you are in this site",
  start: "Start page",
  back: "Back",
  files: (n: number, bytes: number) => `${count(n, "file", "files")}, ${size(bytes)}`,
  noFiles: "No files",
  look: "Look",
  lookAt: (file: string) => `Look at ${file}`,
  close: "Close",
  closeNamed: (file: string) => `Close ${file}`,
  saving: "Saving…",
  notSaved: (file: string) => `${file} could not be saved.`,
  notHad: "This file can't be had right now. The page is still held.",
  notDecoded: "This browser can't show this file. You can save it.",
  notText: "This isn't text in UTF-8. You can save it.",
  large: (bytes: number) => `It has ${size(bytes)}.`,
  lookAnyway: "Show it all the same",
  part: (shown: number, all: number) => `The first ${size(shown)} of ${size(all)} are shown.`,
  all: "Show all",
  saveAll: "Save all",
  packing: (done: number, all: number) => `Packing ${size(done)} of ${size(all)}…`,
  stopPacking: "Stop",
  packed: "All files are in one zip.",
  notPacked: "They could not be packed.",
  folder: (n: number, bytes: number) => `${count(n, "file", "files")}, ${size(bytes)}`,
  more: (n: number) => `Show ${count(n, "more", "more")}`,
  pictures: "Pictures",
  previous: "Picture before",
  next: "Next picture",
  pictureOf: (n: number, all: number) => `${n} / ${all}`,
  picture: (n: number, all: number, file: string) => `Picture ${n} of ${all}: ${file}`,
  unknownType: "unknown type",
  types: {
    image: "picture", audio: "sound", video: "film", pdf: "PDF", text: "text",
  },
};

/** Said inside the frame that shows a PDF. */
export const pdf = {
  loading: "One moment…",
  password: "This PDF asks for a password. Save it, and open it with a program of your own.",
  unreadable: "This PDF can't be read. You can still save it.",
  noPage: "This page can't be drawn.",
  page: (n: number, all: number) => `Page ${n} of ${all}`,
};
