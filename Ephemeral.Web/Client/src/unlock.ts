// A private page is opened with its key, and with its passphrase if it has one; it is held all the same when it can't be.
import { unbase64url } from "./bytes";
import { bytesIn, readDocument } from "./document";
import type { Page } from "./kept-page";
import type { Lock } from "./messages";
import { Seal, SealBroken, secretLength, tagLength } from "./seal";
import type { Tab } from "./tab";

export async function unlock(tab: Tab, page: Page): Promise<void> {
  const { document, key, passphrase } = page;
  if (!document?.seal) return;
  const { header, bound, body } = document.seal;
  const lock = (lock: Lock | undefined): void => {
    page.lock = lock;
    tab.show(page);
  };
  const secret = unbase64url(key, secretLength);
  const subtle = tab.env.crypto?.subtle as SubtleCrypto | undefined;
  if (!subtle) return lock("no-crypto");
  if (key === "") return lock("no-key");
  if (!secret) return lock("wrong-key");
  if (header.passphrase && passphrase === "") return lock("passphrase");
  if (header.passphrase) lock("opening");
  try {
    const seal = await Seal.make(subtle, header, secret, passphrase);
    const inside = readDocument(await seal.openDocument(body, bound), tab.limits.maxBlob, true);
    if (!inside.usable) throw new SealBroken();
    const outer = document.files[0];
    const content = (outer?.size ?? 0) - (outer?.blobs.length ?? 0) * tagLength;
    if (content !== bytesIn(inside.files)) throw new SealBroken();
    page.seal = seal;
    page.inside = inside;
  } catch {
    return lock(header.passphrase ? "wrong-passphrase" : "wrong-key");
  }
  lock(undefined);
  tab.showAbout(page);
  tab.showContent(page);
}
