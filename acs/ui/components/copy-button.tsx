// A button that copies a text, and says so.
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { after } from '../state/clock.ts';
import { frame } from '../words/en/frame.ts';
import { textsOf } from '../words/texts.ts';
import { Icon, type IconName } from './icon.tsx';

const words = textsOf('frame', frame);
const SHOWN_MS = 2000;

export interface CopyButtonProps {
  text: () => string;
  /** The words on the button; without them it is an icon of this name. */
  children?: string;
  label?: string;
  icon?: IconName;
  class?: string;
}

export function CopyButton({ text, children, label, icon = 'copy', class: classes }: CopyButtonProps): JSX.Element {
  const [isCopied, setCopied] = useState(false);
  const copy = (): void => {
    copyText(text());
    setCopied(true);
    after(SHOWN_MS, () => setCopied(false));
  };
  return (
    <button
      class={classes ?? (children === undefined ? 'btn quiet tiny square' : 'btn')}
      type="button"
      {...(children === undefined ? { 'aria-label': isCopied ? words().copied : (label ?? words().copy) } : {})}
      onClick={copy}
    >
      <Icon name={isCopied ? 'check' : icon} />
      {children !== undefined && (isCopied ? words().copied : children)}
    </button>
  );
}

/** Pages by plain HTTP from another host have no clipboard: they copy by a selection. */
export function copyText(text: string): void {
  if (navigator.clipboard) {
    void navigator.clipboard.writeText(text).catch(() => copySelected(text));
    return;
  }
  copySelected(text);
}

function copySelected(text: string): void {
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'sr';
  // Outside of an open dialog nothing can be selected.
  const before = document.activeElement;
  (before?.closest('dialog') ?? document.body).append(area);
  area.select();
  document.execCommand('copy');
  area.remove();
  if (before instanceof HTMLElement) before.focus();
}
