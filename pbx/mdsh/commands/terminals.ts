// Registered terminals for prints: all sources together, by number, and what a product's name says.
import type { DirectoryNumber } from '../../exchange/data.ts';
import type { RegisteredTerminal } from '../../exchange/terminals.ts';
import type { ShellContext } from '../command.ts';

export function terminalsByNumber(context: ShellContext): Map<DirectoryNumber, RegisteredTerminal[]> {
  const found = new Map<DirectoryNumber, RegisteredTerminal[]>();
  for (const one of context.sources().flatMap(source => source.terminals())) {
    const list = found.get(one.dir);
    if (list) list.push(one);
    else found.set(one.dir, [one]);
  }
  return found;
}

/** A product such as `Aastra 6865i/5.0.0.2036` or `Mitel SIP-DECT (SW-Version=8.1)` as name and version. */
export function productParts(product: string | undefined): { vendor: string; revision: string } {
  const [name = '', version = ''] = (product ?? '').split('/', 2);
  const revision = version.split(/\s/, 1)[0] ?? '';
  return { vendor: name.trim(), revision };
}
