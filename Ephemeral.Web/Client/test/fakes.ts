// A web node at the other end of a fake WebSocket, and time that passes when told to.
import { sha256 } from "@noble/hashes/sha2.js";
import { vi } from "vitest";
import type { Surroundings } from "../src/socket";
import { concat, hex } from "../src/bytes";
import { sha256 as sha256InScript } from "../src/hash";
import { readBlob, writeBlob } from "../src/wire";

// The library for browsers without WebCrypto is loaded when it is first needed; afterwards hashes are taken on the spot.
vi.stubGlobal("crypto", {});
await sha256InScript(new Uint8Array());
vi.unstubAllGlobals();

export const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
export const nameOf = (content: Uint8Array): string => hex(sha256(content));

/** A page document as docs/protocol.md has it. */
export function documentOf(header: unknown, body = ""): Uint8Array<ArrayBuffer> {
  const json = bytes(typeof header === "string" ? header : JSON.stringify(header));
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, json.length);
  return concat(new Uint8Array(magic), length, json, bytes(body));
}

export const magic = [0x89, 0x45, 0x50, 0x48, 0x0d, 0x0a, 0x1a, 0x0a];

export const welcome = { type: "welcome", protocol: 1, maxBlob: 1_048_576, maxGets: 2, maxAsks: 8, maxPages: 64, features: [] as string[] };

export class FakeSocket {
  static all: FakeSocket[] = [];
  static refuseAll = false;
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }

  binaryType = "";
  readyState = 0;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  said: Record<string, unknown>[] = [];
  gave: string[] = [];

  constructor(readonly url: string, readonly protocol: string) {
    FakeSocket.all.push(this);
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    if (typeof data === "string") this.said.push(JSON.parse(data));
    else this.gave.push(readBlob(data.slice().buffer)!.name);
  }

  close(): void {
    this.readyState = 3;
  }

  // ---- what the node does ----

  welcomes(more: object = {}): this {
    this.readyState = 1;
    return this.says({ ...welcome, ...more });
  }

  says(message: object): this {
    this.onmessage?.({ data: JSON.stringify(message) });
    return this;
  }

  gives(content: Uint8Array, name = nameOf(content)): this {
    this.onmessage?.({ data: writeBlob(name, content).buffer });
    return this;
  }

  ends(code = 1006): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  get isOpen(): boolean {
    return this.readyState === 1;
  }
}

/** Full jitter at its full, so that waits are exact. */
export function surroundings(): Surroundings & { random(): number } {
  return {
    WebSocket: FakeSocket as unknown as Surroundings["WebSocket"],
    setTimeout: (run, ms) => setTimeout(run, ms) as unknown as number,
    clearTimeout: (timer) => clearTimeout(timer),
    now: () => Date.now(),
    random: () => 1,
  };
}

export function begin(): void {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
  FakeSocket.all = [];
}

/** Lets what the platform does elsewhere come back (WebCrypto, Blobs), until it is so. Takes no fake time. */
export async function until<T>(so: () => T | undefined | false): Promise<T> {
  for (let i = 0; i < 100_000; i++) {
    const it = so();
    if (it !== undefined && it !== false) return it;
    await new Promise<void>((resolve) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        channel.port1.close();
        resolve();
      };
      channel.port2.postMessage(0);
    });
  }
  throw new Error("It never came.");
}

/** Lets everything that waits for a hash come through. Without WebCrypto hashes are taken on the spot. */
export async function hashed(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
