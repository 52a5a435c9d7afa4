// What the page the user sees and the Worker that holds say to each other.
import type { Bytes } from "./bytes";
import type { UsableDocument } from "./document";
import type { LinkState } from "./socket";
import type { Standing } from "./wire";
import type { Language } from "./words";

export type Phase =
  | "asking" // the root is wanted
  | "offered" // the root is here, and the rest waits for the reader's word
  | "gathering" // further blobs of the page are being fetched
  | "held" // this tab has all of it and gives it to others
  | "unusable" // this reader can't tell what the page is made of, so it can't hold it
  | "wrong" // what came under the address was something else
  | "blocked" // by the operator
  | "turned-away"; // the node refused the page for this visitor

/** Why a private page can't be read; it is held all the same. */
export type Lock = "no-key" | "wrong-key" | "passphrase" | "wrong-passphrase" | "opening" | "no-crypto";

export interface PageState {
  page: string;
  phase: Phase;
  standing: Standing;
  /** Undefined until a node has said so. */
  holders: number | undefined;
  waiters: number;
  /** Of the blobs besides the root: here, and in all. */
  gotBytes: number;
  totalBytes: number;
  /** Of each file, while they are being fetched. */
  fileBytes: number[] | undefined;
  /** What others were given of this page since it was opened. */
  givenBytes: number;
  /** All of it is in this tab, held or not. */
  whole: boolean;
  why: string;
  /** Written in this very tab. */
  own: boolean;
  lock: Lock | undefined;
  /** The author's newest version, if it is not this one. */
  newer: string | undefined;
  /** This tab can say what follows the page. */
  editable: boolean;
}

/** What a page is, told before it is loaded. */
export interface About {
  page: string;
  sealed: boolean;
  kind: string;
  title: string;
  files: { name: string; type: string; size: number }[];
  bytes: number;
}

export interface Content {
  page: string;
  root: Bytes;
  document: UsableDocument;
  sealed: boolean;
}

export interface NewFile {
  name: string;
  type: string;
  file: Blob;
}

/** A page to be made. Bare HTML, alone and not private, is its own root blob; everything else is a page document. */
export interface NewPage {
  kind: "html" | "markdown" | "text" | "files";
  text: string;
  files: NewFile[];
  entry: string | undefined;
  /** A private page; the passphrase may be empty. */
  sealed: { passphrase: string } | undefined;
  /** This tab keeps a key with which it can say what follows the page. */
  editable: boolean;
  /** The page that this one is a newer version of; it has to be one of this tab's own. */
  follows: string | undefined;
}

/** The text on the desk; files that were chosen are not kept. */
export interface DraftState {
  text: string;
  kind: "html" | "markdown" | "text";
}

export type ToHolder =
  /** `name`: the tab's name as it was found, see keep.ts. */
  | { type: "start"; url: string; name: string }
  | { type: "speak"; language: Language; locale: string }
  | { type: "create"; page: NewPage }
  | { type: "stop-making" }
  /** What is being written, to be there again after a reload of this tab. */
  | { type: "draft"; draft: DraftState }
  /** `key`: of a private page, as its address has it after the #; empty if it has none. */
  | { type: "open"; page: string; key: string }
  | { type: "unlock"; page: string; key: string; passphrase: string }
  | { type: "load" | "pause" | "release" | "again"; page: string }
  /** Gets the newer version of this page, with the key and the passphrase of this one. */
  | { type: "peek"; page: string }
  /** `variants`: the same text with other line ends and endings; whichever has the right hash is taken. */
  | { type: "bring"; page: string; variants: Bytes[] }
  /** `to`: where on the disk to write it; without it the answer carries it. */
  | { type: "file"; id: number; page: string; name: string; to: FileSystemFileHandle | undefined }
  | { type: "watch" | "unwatch" | "try-now" | "seen" | "online" | "offline" };

/** Something that happened in this tab, for the drawing of how it all works. */
export interface Happening {
  what: "connected" | "lost" | "asked" | "received" | "holding" | "gave" | "status";
  bytes: number;
  /** How many besides this tab hold the page. */
  others: number;
}

export type FromHolder =
  | { type: "happened"; happening: Happening }
  /** `name`: what the tab is to be called from now on. */
  | { type: "ready"; name: string }
  | { type: "link"; state: LinkState; retryInMs: number }
  | { type: "limits"; maxBlob: number }
  | { type: "making"; done: number; total: number }
  /** `key`: what goes into the address after the #, for a private page. */
  | { type: "created"; page: string; key: string }
  | { type: "not-made"; why: string }
  /** What was being written before this tab was reloaded. */
  | { type: "draft"; draft: DraftState }
  | { type: "state"; state: PageState }
  | { type: "about"; about: About }
  | { type: "content"; content: Content }
  | { type: "gone"; page: string }
  | { type: "not-the-same"; page: string; got: string }
  /** Undefined if it could not be had. */
  | { type: "file"; id: number; file: Blob | "written" | undefined }
  | { type: "pulse"; pages: number; holders: number }
  | { type: "log"; at: number; text: string };
