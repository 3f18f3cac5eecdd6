// Keyboard shortcuts: each part of the page has its own while it is shown, the newest part first.
import { useEffect, useRef } from 'preact/hooks';

export interface Shortcut {
  /** As KeyboardEvent.key has it, with `Ctrl+`, `Alt+` or `Shift+` in front; Cmd counts as Ctrl. */
  keys: string;
  /** For the list of keys; without it the shortcut is not listed. */
  label?: string;
  run: (event: KeyboardEvent) => void;
  /** Acts in text fields too. Shortcuts with Ctrl always do. */
  inFields?: boolean;
  /** Acts only where this holds. */
  when?: (event: KeyboardEvent) => boolean;
}

type Scope = { current: readonly Shortcut[] };
const scopes: Scope[] = [];

/** The shortcuts that act now, the newest part first. */
export const shortcuts = (): Shortcut[] => [...scopes].reverse().flatMap(scope => scope.current);

const isField = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
  !(target instanceof HTMLInputElement && /^(checkbox|radio|button)$/.test(target.type));

function nameOf(event: KeyboardEvent): string {
  const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
  // On many keyboards `[` and `]` are made with AltGr, which some systems tell as Ctrl and Alt.
  const isMade = key.length === 1 && event.getModifierState('AltGraph');
  const modifiers = [
    (ctrlKey || metaKey) && !isMade ? 'Ctrl+' : '',
    altKey && !isMade ? 'Alt+' : '',
    shiftKey && key.length > 1 ? 'Shift+' : '',
  ];
  return modifiers.join('') + (key === ' ' ? 'Space' : key);
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  const name = nameOf(event);
  const inField = isField(event.target);
  const found = shortcuts().find(
    ({ keys, inFields, when }) =>
      keys.toLowerCase() === name.toLowerCase() &&
      (!inField || inFields || name.startsWith('Ctrl+')) &&
      (when?.(event) ?? true),
  );
  if (!found) return;
  event.preventDefault();
  found.run(event);
}

/** Listens to the keyboard. Called once. */
export const listenToKeys = (): void => document.addEventListener('keydown', onKey);

/** These shortcuts act while the component is shown. */
export function useShortcuts(list: readonly Shortcut[]): void {
  const scope = useRef(list);
  scope.current = list;
  useEffect(() => {
    scopes.push(scope);
    return () => {
      scopes.splice(scopes.indexOf(scope), 1);
    };
  }, []);
}
