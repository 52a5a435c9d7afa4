// A page of HTML that refers to other files of the same page.
import { Addresses } from "./addresses";
import { parse, serialise, setUp } from "./box";

setUp({
  async write(box) {
    const page = parse(box.text);
    const addresses = new Addresses(box);
    await addresses.putInto(page);
    if (box.scripts) lendFetch(addresses);
    return serialise(page);
  },
});

function lendFetch(addresses: Addresses): void {
  const real = fetch.bind(globalThis);
  globalThis.fetch = async (what, how) => (typeof what === "string" ? await addresses.answer(what) : undefined) ?? real(what, how);
}
