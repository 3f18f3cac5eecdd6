// Tabs that are addresses: links, the current one marked.
import type { JSX } from 'preact';

export interface Tab {
  name: string;
  text: string;
  href: string;
  /** A number or a word beside the text. */
  count?: string | undefined;
}

export const Tabs = ({
  label,
  tabs,
  current,
}: {
  label: string;
  tabs: readonly Tab[];
  current: string;
}): JSX.Element => (
  <nav class="tabs" aria-label={label}>
    {tabs.map(({ name, text, href, count }) => (
      <a key={name} href={href} {...(name === current ? { 'aria-current': 'page' as const } : {})}>
        {text}
        {count !== undefined && <b>{count}</b>}
      </a>
    ))}
  </nav>
);
