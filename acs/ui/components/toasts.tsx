// The short messages at the edge of the page.
import type { JSX } from 'preact';
import { dismiss, toasts } from '../state/toasts.ts';
import { frame } from '../words/en/frame.ts';
import { textsOf } from '../words/texts.ts';
import { Icon } from './icon.tsx';

const words = textsOf('frame', frame);

export const Toasts = (): JSX.Element => (
  <div class="toasts" role="status">
    {toasts.value.map(({ number, tone, text, link }) => (
      <div class="toast" key={number}>
        <span class={`st ${tone}`}>{text}</span>
        {link && <a href={link.href}>{link.text}</a>}
        <button class="btn quiet tiny square" type="button" aria-label={words().close} onClick={() => dismiss(number)}>
          <Icon name="close" />
        </button>
      </div>
    ))}
  </div>
);
