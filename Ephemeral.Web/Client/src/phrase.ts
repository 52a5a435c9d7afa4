// Four words that stand for an address, to be compared by voice. The list is the one that wallets use (BIP 39): its words are
// short, and no two begin with the same four letters. It is English for everybody, or two readers could not compare.
import { wordlist } from "@scure/bip39/wordlists/english.js";

const bits = 11n; // 2048 words

/** Of the first 44 bits of the hash. */
export function phraseOf(hash: string): string[] {
  let rest = BigInt(`0x${hash.slice(0, 11)}`);
  const words: string[] = [];
  for (let i = 0; i < 4; i++, rest >>= bits) words.unshift(wordlist[Number(rest & (2n ** bits - 1n))]!);
  return words;
}
