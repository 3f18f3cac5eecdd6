// The address of the list and the call behind it, to be copied.
import type { JSX } from 'preact';
import { curlOf } from '../../api/call.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { frame } from '../../words/en/frame.ts';
import { textsOf } from '../../words/texts.ts';
import type { Search } from './search.ts';

const words = textsOf('frame', frame);

export interface CopiesProps {
  search: Search;
}

export const Copies = ({ search }: CopiesProps): JSX.Element => (
  <>
    <CopyButton class="btn notphone" icon="link" text={() => globalThis.location.href}>
      {words().copyLink}
    </CopyButton>
    <CopyButton class="btn notphone" icon="terminal" text={() => curlOfSearch(search)}>
      {words().copyCurl}
    </CopyButton>
  </>
);

const curlOfSearch = ({ filter, sort, fields }: Search): string =>
  curlOf('GET', '/devices', { query: { filter: filter || undefined, sort, fields, limit: 1000 } });
