// The changes of each device that are not sent yet: they live in this tab, over reloads and the sign-in, until they are sent or dropped.
import { type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { session } from '../session.ts';
import { type Edits, readEdits, storable } from './edit.ts';

const keyOf = (id: string): string => `tandem.staged.${id}`;
const known = new Map<string, Signal<Edits>>();
/** The user whose changes are in memory. */
let owner: string | undefined;

function listOf(id: string): Signal<Edits> {
  const user = session.peek()?.user ?? owner;
  // Secrets stay in the memory of the user who has typed them.
  if (user !== owner) known.clear();
  owner = user;
  const found = known.get(id);
  if (found) return found;
  const made = signal<Edits>(readEdits(sessionStorage.getItem(keyOf(id))));
  known.set(id, made);
  return made;
}

/** The staged changes of a device. */
export const stagedOf = (id: string): ReadonlySignal<Edits> => listOf(id);

/** Changes the list of a device. */
export function restage(id: string, change: (edits: Edits) => Edits): void {
  const list = listOf(id);
  list.value = change(list.peek());
  if (list.value.length === 0) sessionStorage.removeItem(keyOf(id));
  else sessionStorage.setItem(keyOf(id), JSON.stringify(storable(list.value)));
}
