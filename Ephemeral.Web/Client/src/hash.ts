import { sha256 as sha256InScript } from "@noble/hashes/sha2.js";
import { hex } from "./bytes";

/**
 * The SHA-256 of the bytes, as an address spells it. Over plain http from another machine a browser offers no
 * WebCrypto, so a library has to do there; it costs a few milliseconds for a megabyte.
 */
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  return hex(subtle ? new Uint8Array(await subtle.digest("SHA-256", bytes)) : sha256InScript(bytes));
}
