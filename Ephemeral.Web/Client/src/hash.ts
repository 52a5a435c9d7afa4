import { hex } from "./bytes";

/** Of a library, where it was needed. */
let inScript: ((bytes: Uint8Array) => Uint8Array) | undefined;

/**
 * The SHA-256 of the bytes, as an address spells it. Over plain http from another machine a browser offers no
 * WebCrypto, so a library has to do there; it costs a few milliseconds for a megabyte.
 */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (subtle) return hex(new Uint8Array(await subtle.digest("SHA-256", bytes)));
  inScript ??= (await import("@noble/hashes/sha2.js")).sha256;
  return hex(inScript(bytes));
}
