// The mark of the pages: a tandem.
import type { JSX } from 'preact';

export const Brand = (): JSX.Element => (
  <svg viewBox="0 0 26 18" fill="none" stroke="currentColor" stroke-width="2" aria-hidden="true">
    <circle cx="6.500" cy="11" r="5.200" />
    <circle cx="19.500" cy="11" r="5.200" />
    <path d="M6.500 11L11 3.500h5.500L19.500 11M8.500 1.500h4" stroke-linecap="round" stroke-linejoin="round" />
  </svg>
);
