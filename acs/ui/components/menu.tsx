// A button that opens a list of actions: arrow keys move, Enter acts, Escape closes.
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { Icon, type IconName } from './icon.tsx';

export interface MenuEntry {
  text: string;
  run: () => void;
  icon?: IconName;
  isDangerous?: boolean;
  /** The reason why it cannot be done now. */
  disabled?: string | undefined;
  /** One of a choice, and chosen or not. */
  isChecked?: boolean;
  /** A line above it, with a head of the group. */
  head?: string;
}

export interface MenuProps {
  /** The accessible name of the button. */
  label: string;
  /** The content of the button. */
  children: ComponentChildren;
  entries: readonly MenuEntry[];
  /** Classes of the button. */
  class?: string;
  /** The side of the button that the list is aligned to. */
  align?: 'start' | 'end';
}

export function Menu({ label, children, entries, class: classes = 'btn', align = 'start' }: MenuProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const [isUp, setUp] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  useLayoutEffect(() => setUp(isOpen && opensUp(box.current)), [isOpen]);
  useEffect(() => {
    if (!isOpen) return;
    items(box.current)[0]?.focus();
    const outside = (event: Event): void => {
      if (!box.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [isOpen]);
  return (
    <div class="menu-box" ref={box}>
      <button
        class={classes}
        type="button"
        ref={button}
        aria-label={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        {children}
      </button>
      {isOpen && (
        <div class={`pop menu ${align === 'end' ? 'end' : ''} ${isUp ? 'up' : ''}`}>
          <div
            class="list"
            role="menu"
            tabIndex={-1}
            aria-label={label}
            onKeyDown={event => onMenuKey(event, box.current, close)}
          >
            {entries.map(entry => (
              <MenuItem key={`${entry.head ?? ''}${entry.text}`} entry={entry} close={close} />
            ))}
          </div>
        </div>
      )}
    </div>
  );
}

function MenuItem({
  entry: { text, run, icon, isDangerous, disabled, isChecked, head },
  close,
}: {
  entry: MenuEntry;
  close: () => void;
}): JSX.Element {
  return (
    <>
      {head && <div class="sep">{head}</div>}
      <button
        class={isDangerous ? 'bad' : ''}
        type="button"
        tabIndex={-1}
        role={isChecked === undefined ? 'menuitem' : 'menuitemradio'}
        {...(isChecked === undefined ? {} : { 'aria-checked': isChecked })}
        aria-disabled={disabled !== undefined}
        title={disabled}
        onClick={() => {
          if (disabled !== undefined) return;
          close();
          run();
        }}
      >
        {icon && <Icon name={icon} />}
        {text}
        {isChecked && <Icon name="check" />}
      </button>
    </>
  );
}

/** Below the button is too little room, and above it is more. */
function opensUp(box: HTMLElement | null): boolean {
  const list = box?.querySelector('.menu')?.getBoundingClientRect();
  const top = box?.getBoundingClientRect().top ?? 0;
  return list !== undefined && list.bottom > globalThis.innerHeight && top > globalThis.innerHeight - list.top;
}

const items = (box: HTMLElement | null): HTMLElement[] => [
  ...(box?.querySelectorAll<HTMLElement>('[role^="menuitem"]') ?? []),
];

function onMenuKey(event: KeyboardEvent, box: HTMLElement | null, close: () => void): void {
  const list = items(box);
  const at = list.indexOf(document.activeElement as HTMLElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: list.length - 1 }[event.key];
  if (to !== undefined) list.at(to % list.length)?.focus();
  else if (event.key === 'Escape' || event.key === 'Tab') close();
  else return;
  event.preventDefault();
  event.stopPropagation();
}
