// The overview before the first device: the two ways to get one.
import type { ComponentChildren, JSX } from 'preact';
import { hrefOf } from '../../state/location.ts';
import { may } from '../../state/session.ts';
import { overview } from '../../words/en/overview.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('overview', overview);

export const NoDevice = (): JSX.Element => (
  <>
    <div class="head">
      <div class="stack">
        <h1>{words().noDevice}</h1>
        <p class="ink-2">{words().noDeviceText}</p>
      </div>
    </div>
    <div class="cols">
      <Way title={words().wayReal} text={words().wayRealText}>
        {may('announceDevices') && (
          <a class="btn" href={hrefOf('/enrolment/announced')}>
            {words().announce}
          </a>
        )}
      </Way>
      <Way title={words().waySimulated} text={words().waySimulatedText}>
        <a class="btn primary" href={hrefOf('/connect')}>
          {words().connect}
        </a>
      </Way>
    </div>
  </>
);

function Way({ title, text, children }: { title: string; text: string; children: ComponentChildren }): JSX.Element {
  return (
    <section class="panel c6" aria-label={title}>
      <header>
        <h2>{title}</h2>
      </header>
      <div class="body stack">
        <p>{text}</p>
        <div class="row">{children}</div>
      </div>
    </section>
  );
}
