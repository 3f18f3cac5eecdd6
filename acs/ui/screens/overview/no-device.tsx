// The overview before the first device: the two ways to get one.
import type { JSX } from 'preact';
import { CopyButton } from '../../components/copy-button.tsx';
import { hrefOf } from '../../state/location.ts';
import { overview } from '../../words/en/overview.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('overview', overview);

export function NoDevice(): JSX.Element {
  const command = `npm run cpe -- run --acs https://${globalThis.location.hostname}:7547 --ca data/pki/ca.pem --login enrol-secret`;
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().noDevice}</h1>
          <p class="ink-2">{words().noDeviceText}</p>
        </div>
      </div>
      <div class="cols">
        <section class="panel c6" aria-label={words().wayReal}>
          <header>
            <h2>{words().wayReal}</h2>
          </header>
          <div class="body stack">
            <p>{words().wayRealText}</p>
            <div class="row">
              <a class="btn primary" href={hrefOf('/enrolment/announced')}>
                {words().announce}
              </a>
            </div>
          </div>
        </section>
        <section class="panel c6" aria-label={words().waySimulated}>
          <header>
            <h2>{words().waySimulated}</h2>
          </header>
          <div class="body stack">
            <p>{words().waySimulatedText}</p>
            <pre class="mono wrap">{command}</pre>
            <div class="row">
              <CopyButton text={() => command}>{words().copyCommand}</CopyButton>
            </div>
          </div>
        </section>
      </div>
    </>
  );
}
