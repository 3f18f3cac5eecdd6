// The frame of the pages before the sign-in: a form, and beside it what this server is.
import type { ComponentChildren, JSX } from 'preact';
import { Brand } from '../../components/brand.tsx';
import { hrefOf } from '../../state/location.ts';
import { login } from '../../words/en/login.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('login', login);

export interface EntryProps {
  title: string;
  children: ComponentChildren;
  onSubmit: () => void;
}

export const Entry = ({ title, children, onSubmit }: EntryProps): JSX.Element => (
  <main class="login">
    <form
      onSubmit={event => {
        event.preventDefault();
        onSubmit();
      }}
    >
      <a class="brand" href={hrefOf('')}>
        <Brand />
        <span>Tandem</span>
      </a>
      <div class="stack tight">
        <h1>{title}</h1>
        <p class="ink-2">{globalThis.location.host}</p>
      </div>
      {children}
    </form>
    <aside class="side" aria-label={words().about}>
      <div class="stack">
        <h2>{words().about}</h2>
        <p>{words().aboutText}</p>
        <p class="ink-3">{words().forgotten}</p>
      </div>
    </aside>
  </main>
);
