// Frames of docs/protocol.md, to and from the web node. Nothing else is decided here.
import { hex, unhex, type Bytes } from "./bytes";

export interface Limits {
  maxBlob: number;
  maxGets: number;
  features: readonly string[];
}

/** What holds until a node has said otherwise. */
export const defaultLimits: Limits = { maxBlob: 1_048_576, maxGets: 16, features: [] };

export type Standing = "none" | "waiter" | "claimed" | "holder";

/** A newer version of a page, as somebody says. Whether its author has signed it is for the reader to see. */
export interface Successor {
  next: string;
  version: number;
  signature: string;
}

export type ToNode =
  | { type: "want"; page: string; root?: false }
  | { type: "hold" | "release"; page: string }
  | { type: "get" | "cancel" | "miss"; page: string; blob: string }
  | { type: "have"; page: string; blobs: string[] }
  | ({ type: "successor"; page: string } & Successor)
  | { type: "watch" | "unwatch" };

export type FromNode =
  | ({ type: "welcome" } & Limits)
  | { type: "status"; page: string; holders: number; waiters: number; you: Standing }
  | { type: "ask"; page: string; blob: string }
  | { type: "error"; code: string; message: string; page?: string; blob?: string; retryAfterMs?: number }
  | { type: "goodbye"; retryAfterMs: number }
  | ({ type: "successor"; page: string } & Successor)
  | { type: "pulse"; pages: number; holders: number };

const hashPattern = /^[0-9a-f]{64}$/;
const blobFrame = 0x01;
const headLength = 33;

export const isHash = (text: unknown): text is string => typeof text === "string" && hashPattern.test(text);

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Reads one text frame; undefined for what this client does not know or cannot use. */
export function readText(text: string): FromNode | undefined {
  let m: Record<string, unknown>;
  try {
    m = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof m !== "object" || m === null) return undefined;
  switch (m.type) {
    case "welcome":
      return {
        type: "welcome",
        maxBlob: isCount(m.maxBlob) ? m.maxBlob : defaultLimits.maxBlob,
        maxGets: isCount(m.maxGets) && m.maxGets > 0 ? m.maxGets : 1,
        features: Array.isArray(m.features) ? m.features.filter((f) => typeof f === "string") : [],
      };
    case "status":
      if (!isHash(m.page) || !isCount(m.holders) || !isCount(m.waiters)) return undefined;
      if (m.you !== "none" && m.you !== "waiter" && m.you !== "claimed" && m.you !== "holder") return undefined;
      return { type: "status", page: m.page, holders: m.holders, waiters: m.waiters, you: m.you };
    case "ask":
      return isHash(m.page) && isHash(m.blob) ? { type: "ask", page: m.page, blob: m.blob } : undefined;
    case "error":
      if (typeof m.code !== "string") return undefined;
      return {
        type: "error",
        code: m.code,
        message: typeof m.message === "string" ? m.message : "",
        ...(isHash(m.page) && { page: m.page }),
        ...(isHash(m.blob) && { blob: m.blob }),
        ...(isCount(m.retryAfterMs) && { retryAfterMs: m.retryAfterMs }),
      };
    case "goodbye":
      return { type: "goodbye", retryAfterMs: isCount(m.retryAfterMs) ? m.retryAfterMs : 0 };
    case "successor":
      if (!isHash(m.page) || !isHash(m.next) || !isCount(m.version) || typeof m.signature !== "string") return undefined;
      return { type: "successor", page: m.page, next: m.next, version: m.version, signature: m.signature };
    case "pulse":
      return isCount(m.pages) && isCount(m.holders) ? { type: "pulse", pages: m.pages, holders: m.holders } : undefined;
    default:
      return undefined;
  }
}

/** One blob as a binary frame: 0x01, its SHA-256, its bytes. */
export function writeBlob(name: string, bytes: Uint8Array): Bytes {
  const frame = new Uint8Array(headLength + bytes.length);
  frame[0] = blobFrame;
  frame.set(unhex(name), 1);
  frame.set(bytes, headLength);
  return frame;
}

/** The name a binary frame claims, and its bytes. The claim is checked by whoever uses them. */
export function readBlob(frame: ArrayBuffer): { name: string; bytes: Bytes } | undefined {
  if (frame.byteLength < headLength) return undefined;
  const all = new Uint8Array(frame);
  if (all[0] !== blobFrame) return undefined;
  return { name: hex(all.subarray(1, headLength)), bytes: all.subarray(headLength) };
}
