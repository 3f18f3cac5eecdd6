// Certificates with their ends: those that the server shows, and those on devices that end soon.
import type { JSX } from 'preact';
import { getServer, type Server } from '../../api/administration/server.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Panel } from '../../components/panel.tsx';
import { now } from '../../state/clock.ts';
import { hrefOf } from '../../state/location.ts';
import { useResource } from '../../state/resource.ts';
import { summary } from '../../state/summary.ts';
import { admin } from '../../words/en/admin.ts';
import { dateTime } from '../../words/format.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('admin', admin);
const DAY_MS = 86_400_000;
const SOON_DAYS = 30;
/** The devices that the count of the summary is about. */
const ENDING =
  'Device.X_0090F8_Cert.HostCertificatesInfo.*.ValidTo < now + 30d or Device.Security.Certificate.*.NotAfter < now + 30d';

type Certificate = Server['certificates'][number];

export function CertificatesPart(): JSX.Element {
  const server = useResource('server', getServer);
  const count = summary.value?.certificatesEnding;
  return (
    <div class="cols">
      <Panel title={words().certificates.own} of={server} isBare>
        {({ certificates, ca }) => (
          <>
            {certificates.length === 0 ? (
              <p class="body">{words().certificates.none}</p>
            ) : (
              <Certificates items={certificates} />
            )}
            {ca !== null && (
              <footer class="row">
                {words().certificates.ca}
                <CopyButton text={() => ca}>{words().certificates.copyCa}</CopyButton>
              </footer>
            )}
          </>
        )}
      </Panel>
      {count !== undefined && (
        <section class="panel" aria-label={words().certificates.devices}>
          <header>
            <h2>{words().certificates.devices}</h2>
          </header>
          <div class="body">
            {count === 0 ? (
              <p class="ink-2">{words().certificates.noneEnding}</p>
            ) : (
              <a href={hrefOf('/devices', { q: ENDING })}>{words().certificates.ending(count)}</a>
            )}
          </div>
        </section>
      )}
    </div>
  );
}

const Certificates = ({ items }: { items: readonly Certificate[] }): JSX.Element => (
  <table class="table stacks">
    <thead>
      <tr>
        <th scope="col">{words().certificates.subject}</th>
        <th scope="col">{words().certificates.issuer}</th>
        <th scope="col">{words().certificates.names}</th>
        <th scope="col">{words().certificates.until}</th>
      </tr>
    </thead>
    <tbody>
      {items.map(({ subject, issuer, names, until, sha256 }) => (
        <tr key={sha256}>
          <td class="wrap-any" title={sha256}>
            {subject}
          </td>
          <td class="wrap-any">{issuer}</td>
          <td class="mono wrap-any">{names.join(', ')}</td>
          <td>
            {dateTime(until)} <End until={until} />
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);

function End({ until }: { until: string }): JSX.Element {
  const days = Math.floor((Date.parse(until) - now.value) / DAY_MS);
  if (days < 0) return <span class="st fail">{words().certificates.ended}</span>;
  return <span class={`st ${days < SOON_DAYS ? 'warn' : 'ok'}`}>{words().certificates.ends(days)}</span>;
}
