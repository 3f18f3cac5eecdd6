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

/** A product such as `Aastra 6865i/5.0.0.2036` or `Mitel SIP-DECT (SW-Version=8.1)` as name and version; a slash in a comment is none. */
export function productParts(product: string | undefined): { vendor: string; revision: string } {
  const text = product ?? '';
  const slash = text.indexOf('/');
  const comment = text.indexOf('(');
  if (slash < 0 || (comment >= 0 && comment < slash)) return { vendor: text.trim(), revision: '' };
  const revision = text.slice(slash + 1).split(/[\s/]/, 1)[0] ?? '';
  return { vendor: text.slice(0, slash).trim(), revision };
}
