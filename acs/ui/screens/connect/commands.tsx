// Commands and settings by which a gateway reaches this server, ready to be copied.
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { ServerFacts } from '../../api/server.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { connect } from '../../words/en/connect.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('connect', connect);

export interface Announced {
  id: string;
  oui: string;
  product: string;
  serial: string;
  username: string;
  password: string;
}

/** A word of a shell. */
const quoted = (text: string): string => (/^[\w.:/@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** The address that a CPE is given: with the host of this page in place of "all addresses". */
function acsUrl({ publicUrl, cwmp }: ServerFacts): string {
  const [first = ''] = cwmp;
  return publicUrl ?? first.replace(/\/\/(0\.0\.0\.0|\[::\])/, `//${globalThis.location.hostname}`);
}

const simulated = (url: string, { ca }: ServerFacts, { oui, product, serial, username, password }: Announced): string =>
  [
    `npm run cpe -- run --acs ${quoted(url)}`,
    ...(ca === null || url.startsWith('http:') ? [] : ['--ca ca.pem']),
    `--oui ${quoted(oui)} --product-class ${quoted(product)} --serial ${quoted(serial)}`,
    `--username ${quoted(username)} --password ${quoted(password)}`,
  ].join(' ');

const script = (url: string, announced: Announced | undefined): string =>
  [
    'Cwmp.AcsUrlConfigSource=Static',
    `Cwmp.AcsStaticUrl="${url}"`,
    ...(announced ? [`Cwmp.Username="${announced.username}"`, `Cwmp.Password="${announced.password}"`] : []),
  ].join('\n');

/** An address for a text that is saved as a file, while the component is shown. */
function useObjectUrl(text: string | null): string | undefined {
  const [url, setUrl] = useState<string | undefined>(undefined);
  useEffect(() => {
    if (text === null) return;
    const made = URL.createObjectURL(new Blob([text], { type: 'application/x-pem-file' }));
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [text]);
  return url;
}

export function Commands({
  server,
  announced,
}: {
  server: ServerFacts;
  announced: Announced | undefined;
}): JSX.Element {
  const url = acsUrl(server);
  const { ca } = server;
  const caHref = useObjectUrl(ca);
  return (
    <section class="panel">
      <header>
        <h2>{words().commands}</h2>
      </header>
      <div class="body stack">
        {announced ? (
          <Copyable head={words().simulated} text={simulated(url, server, announced)} />
        ) : (
          <p class="ink-2">{words().announceFirst}</p>
        )}
        {ca !== null && (
          <div class="stack tight">
            <h3>{words().ca}</h3>
            <p class="ink-2">{words().caText}</p>
            <div class="row">
              {caHref && (
                <a class="btn" download="ca.pem" href={caHref}>
                  {words().caDownload}
                </a>
              )}
              <CopyButton text={() => ca}>{words().caCopy}</CopyButton>
            </div>
          </div>
        )}
        <Copyable head={words().dhcp} text={`dhcp-option=vendor:dslforum.org,1,"${url}"`} help={words().dhcpText} />
        <Copyable head={words().unitScript} text={script(url, announced)} help={words().unitScriptText} />
      </div>
    </section>
  );
}

interface CopyableProps {
  head: string;
  text: string;
  help?: string;
}

const Copyable = ({ head, text, help }: CopyableProps): JSX.Element => (
  <div class="stack tight">
    <h3>{head}</h3>
    {help && <p class="ink-2">{help}</p>}
    <div class="row nowrap">
      <pre class="wraps">{text}</pre>
      <CopyButton text={() => text} label={words().copyOf(head)} />
    </div>
  </div>
);
