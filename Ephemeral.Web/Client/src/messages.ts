// What the page the user sees and the Worker that holds say to each other.
import type { PageDocument } from "./document";
import type { LinkState } from "./socket";
import type { Standing } from "./wire";

export type Phase =
  | "asking" // the root is wanted
  | "gathering" // the root is here, further blobs of the page are being fetched
  | "held" // this tab has all of it and gives it to others
  | "unusable" // this reader can't tell what the page is made of, so it can't hold it
  | "wrong" // what came under the address was something else
  | "blocked" // by the operator
  | "turned-away"; // the node refused the page for this visitor

export interface PageState {
  page: string;
  phase: Phase;
  standing: Standing;
  /** Undefined until a node has said so. */
  holders: number | undefined;
  waiters: number;
  got: number;
  total: number;
  why: string;
  /** Written in this very tab. */
  own: boolean;
}

export interface Content {
  page: string;
  root: Uint8Array<ArrayBuffer>;
  document: PageDocument;
}

export type ToHolder =
  /** `name`: the tab's name as it was found, see keep.ts. */
  | { type: "start"; url: string; name: string }
  | { type: "create"; bytes: Uint8Array<ArrayBuffer> }
  | { type: "open" | "release" | "again"; page: string }
  /** `variants`: the same text with other line ends and endings; whichever has the right hash is taken. */
  | { type: "bring"; page: string; variants: Uint8Array<ArrayBuffer>[] }
  | { type: "file"; page: string; name: string }
  | { type: "watch" | "unwatch" | "try-now" | "seen" | "online" | "offline" };

export type FromHolder =
  /** `name`: what the tab is to be called from now on. */
  | { type: "ready"; name: string }
  | { type: "link"; state: LinkState; retryInMs: number }
  | { type: "limits"; maxBlob: number }
  | { type: "created"; page: string }
  | { type: "state"; state: PageState }
  | { type: "content"; content: Content }
  | { type: "gone"; page: string }
  | { type: "not-the-same"; page: string; got: string }
  | { type: "file"; page: string; name: string; file: Blob }
  | { type: "pulse"; pages: number; holders: number }
  | { type: "log"; at: number; text: string };
