// Private pages: docs/page-format.md, "Sealed pages". What is encrypted here is all that holders and servers ever see.
import { base64url, concat, unbase64url, type Bytes } from "./bytes";
import { unusable as words } from "./words";

/** What a sealed page's header says of how its key is made. */
export interface SealHeader {
  version: 1;
  salt: string;
  passphrase?: { kdf: "PBKDF2-SHA-256"; iterations: number };
}

/** A wrong key, a wrong passphrase, or bytes that are not what the author sealed: they can't be told apart. */
export class SealBroken extends Error {}

export const secretLength = 32;
export const tagLength = 16;
const saltLength = 16;
const iterations = 600_000;
const mostIterations = 10_000_000;
const label = new TextEncoder().encode("ephemeral sealed 1");
const documentDomain = 0;
const contentDomain = 1;

export function newSecret(crypto: Crypto): Bytes {
  return crypto.getRandomValues(new Uint8Array(secretLength));
}

export function newSealHeader(crypto: Crypto, withPassphrase: boolean): SealHeader {
  const salt = base64url(crypto.getRandomValues(new Uint8Array(saltLength)));
  return withPassphrase ? { version: 1, salt, passphrase: { kdf: "PBKDF2-SHA-256", iterations } } : { version: 1, salt };
}

/** The sentence's end if it can't be used: "it is sealed in a way …". */
export function readSealHeader(value: unknown): SealHeader | string {
  const seal = value as Partial<SealHeader> | null | undefined;
  if (typeof seal !== "object" || seal === null || seal.version !== 1) return words.sealUnknown;
  if (!unbase64url(seal.salt, saltLength)) return words.seal;
  const passphrase = seal.passphrase as SealHeader["passphrase"] | null;
  if (passphrase === undefined) return { version: 1, salt: seal.salt! };
  const { kdf, iterations } = passphrase ?? {};
  if (kdf !== "PBKDF2-SHA-256" || !Number.isSafeInteger(iterations) || iterations! < 1 || iterations! > mostIterations)
    return words.passphrase;
  return { version: 1, salt: seal.salt!, passphrase: { kdf, iterations: iterations! } };
}

/** Seals or opens one page. `total` is the number of pieces of content, which each piece is bound to. */
export class Seal {
  private constructor(private subtle: SubtleCrypto, private key: CryptoKey) {}

  /** Takes a second or so when there is a passphrase; that is its purpose. */
  static async make(subtle: SubtleCrypto, header: SealHeader, secret: Bytes, passphrase: string): Promise<Seal> {
    const salt = unbase64url(header.salt, saltLength)!;
    let material = secret;
    if (header.passphrase) {
      const typed = await subtle.importKey("raw", new TextEncoder().encode(passphrase.normalize("NFC")), "PBKDF2", false, ["deriveBits"]);
      const stretched = await subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: header.passphrase.iterations }, typed, 256);
      material = concat(secret, new Uint8Array(stretched));
    }
    const base = await subtle.importKey("raw", material, "HKDF", false, ["deriveKey"]);
    const key = await subtle.deriveKey({ name: "HKDF", hash: "SHA-256", salt, info: label }, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    return new Seal(subtle, key);
  }

  /** The document is bound to every byte of the header before it, and with that to the list of blobs. */
  sealDocument = (document: Bytes, header: Bytes): Promise<Bytes> => this.#seal(nonce(documentDomain, 0), header, document);
  openDocument = (sealed: Bytes, header: Bytes): Promise<Bytes> => this.#open(nonce(documentDomain, 0), header, sealed);

  sealPiece = (piece: Bytes, index: number, total: number): Promise<Bytes> => this.#seal(nonce(contentDomain, index), placeOf(index, total), piece);
  openPiece = (sealed: Bytes, index: number, total: number): Promise<Bytes> => this.#open(nonce(contentDomain, index), placeOf(index, total), sealed);

  async #seal(iv: Bytes, additionalData: Bytes, data: Bytes): Promise<Bytes> {
    return new Uint8Array(await this.subtle.encrypt({ name: "AES-GCM", iv, additionalData }, this.key, data));
  }

  async #open(iv: Bytes, additionalData: Bytes, data: Bytes): Promise<Bytes> {
    try {
      return new Uint8Array(await this.subtle.decrypt({ name: "AES-GCM", iv, additionalData }, this.key, data));
    } catch {
      throw new SealBroken();
    }
  }
}

/** Never used twice under a key: the key is made of a random secret for each page. */
function nonce(domain: number, index: number): Bytes {
  const iv = new Uint8Array(12);
  const view = new DataView(iv.buffer);
  view.setUint32(0, domain);
  view.setBigUint64(4, BigInt(index));
  return iv;
}

function placeOf(index: number, total: number): Bytes {
  const place = new DataView(new ArrayBuffer(16));
  place.setBigUint64(0, BigInt(index));
  place.setBigUint64(8, BigInt(total));
  return concat(label, new Uint8Array(place.buffer));
}
