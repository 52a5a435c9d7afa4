// Who made a page can say, for as long as their tab is open, what follows it: docs/page-format.md, "Authors".
import { base64url, unbase64url, type Bytes } from "./bytes";
import type { Successor } from "./wire";

/** What the header of a page says of its author. */
export interface AuthorHeader {
  kind: "ECDSA-P-256-SHA-256";
  /** The public key, a point of 65 bytes, in base64url. */
  key: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256" };
const signing = { name: "ECDSA", hash: "SHA-256" };
const pointLength = 65;
const signatureLength = 64;

/** Undefined for what is no author that this reader knows: then nobody can say what follows the page. */
export function readAuthor(value: unknown): AuthorHeader | undefined {
  const { kind, key } = (typeof value === "object" && value !== null ? value : {}) as Partial<AuthorHeader>;
  return kind === "ECDSA-P-256-SHA-256" && unbase64url(key, pointLength) ? { kind, key: key! } : undefined;
}

export class Author {
  private constructor(private subtle: SubtleCrypto, private key: CryptoKey, readonly header: AuthorHeader) {}

  static async make(subtle: SubtleCrypto): Promise<Author> {
    const { privateKey, publicKey } = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const point = new Uint8Array(await subtle.exportKey("raw", publicKey));
    return new Author(subtle, privateKey, { kind: "ECDSA-P-256-SHA-256", key: base64url(point) });
  }

  /** Of what `save` has given. */
  static async restore(subtle: SubtleCrypto, saved: Bytes, header: AuthorHeader): Promise<Author> {
    return new Author(subtle, await subtle.importKey("pkcs8", saved, algorithm, true, ["sign"]), header);
  }

  async save(): Promise<Bytes> {
    return new Uint8Array(await this.subtle.exportKey("pkcs8", this.key));
  }

  async sign(page: string, next: string, version: number): Promise<Successor> {
    return { next, version, signature: base64url(new Uint8Array(await this.subtle.sign(signing, this.key, signed(page, next, version)))) };
  }
}

/** Whether the author of `page` has signed that. */
export async function isSigned(subtle: SubtleCrypto, author: AuthorHeader, page: string, { next, version, signature }: Successor): Promise<boolean> {
  const [point, bytes] = [unbase64url(author.key, pointLength), unbase64url(signature, signatureLength)];
  if (!point || !bytes) return false;
  try {
    const key = await subtle.importKey("raw", point, algorithm, false, ["verify"]);
    return await subtle.verify(signing, key, bytes, signed(page, next, version));
  } catch {
    return false; // Not a point of the curve.
  }
}

const signed = (page: string, next: string, version: number): Bytes => new TextEncoder().encode(`ephemeral successor 1\n${page}\n${next}\n${version}`);
