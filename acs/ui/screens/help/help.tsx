// The help: words with their meanings, the language of filters, and the keys of all screens.
import type { ComponentChildren, JSX } from 'preact';
import { hrefOf } from '../../state/location.ts';
import { useTrail } from '../../state/trail.ts';
import { examples, help } from '../../words/en/help.ts';
import { textsOf } from '../../words/texts.ts';

const words = textsOf('help', help);

type Screen = keyof typeof help.screens;
type Deed = keyof typeof help.keys;

/** Keys as the keyboard names them, each with its deed. */
const keys: Readonly<Record<Screen, readonly (readonly [keys: string, deed: Deed])[]>> = {
  everywhere: [
    ['Ctrl K', 'jump'],
    ['?', 'keys'],
    ['Esc', 'close'],
  ],
  devices: [
    ['/', 'filter'],
    ['j k', 'rows'],
    ['Enter', 'open'],
    ['Space', 'peek'],
    ['x', 'only'],
    ['f', 'facet'],
    ['-', 'exclude'],
    ['a', 'act'],
    ['c', 'columns'],
    ['s', 'sort'],
  ],
  device: [
    ['w', 'wake'],
    ['r', 'read'],
    ['t', 'trace'],
    ['[ ]', 'tabs'],
    ['n p', 'neighbours'],
  ],
  parameters: [
    ['/', 'find'],
    ['← →', 'fold'],
    ['Enter', 'edit'],
    ['Ctrl Enter', 'send'],
  ],
  sessions: [
    ['↑ ↓', 'messages'],
    ['Enter', 'openMessage'],
    ['o', 'all'],
  ],
  overview: [['1…7', 'attention']],
  presets: [
    ['n', 'newPreset'],
    ['Ctrl S', 'save'],
    ['Ctrl Enter', 'dryRun'],
    ['Ctrl Space', 'complete'],
  ],
};

export function HelpScreen(): JSX.Element {
  useTrail([{ text: words().title }]);
  return (
    <>
      <div class="head">
        <div class="stack">
          <h1>{words().title}</h1>
          <p class="ink-2">{words().purpose}</p>
        </div>
      </div>
      <div class="editor">
        <div class="stack loose">
          <Words />
        </div>
        <div class="stack loose">
          <Filters />
          <Keys />
        </div>
      </div>
    </>
  );
}

interface SectionProps {
  id: string;
  title: string;
  purpose?: string;
  children: ComponentChildren;
}

const Section = ({ id, title, purpose, children }: SectionProps): JSX.Element => (
  <section class="panel" id={id} aria-labelledby={`${id}-title`}>
    <header>
      <h2 id={`${id}-title`}>{title}</h2>
      {purpose && <p class="small ink-3">{purpose}</p>}
    </header>
    {children}
  </section>
);

const Head = ({ names }: { names: readonly string[] }): JSX.Element => (
  <thead>
    <tr>
      {names.map(name => (
        <th scope="col" key={name}>
          {name}
        </th>
      ))}
    </tr>
  </thead>
);

const Words = (): JSX.Element => (
  <Section id="words" title={words().words}>
    <table class="table stacks">
      <Head names={[words().word, words().means]} />
      <tbody>
        {words().glossary.map(([word, means]) => (
          <tr key={word}>
            <th scope="row">
              <b>{word}</b>
            </th>
            <td>{means}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </Section>
);

const Filters = (): JSX.Element => (
  <Section id="filters" title={words().filters} purpose={words().filtersPurpose}>
    <table class="table stacks">
      <Head names={[words().example, words().finds]} />
      <tbody>
        {(Object.keys(examples) as (keyof typeof examples)[]).map(name => (
          <tr key={name}>
            <td>
              <Example name={name} />
            </td>
            <td>{words().examples[name]}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <footer>{words().moreFilters}</footer>
  </Section>
);

/** Examples with names of presets and jobs, which are others on each server. */
const named: readonly (keyof typeof examples)[] = ['preset', 'job'];

const Example = ({ name }: { name: keyof typeof examples }): JSX.Element =>
  named.includes(name) ? (
    <span class="mono wrap-any">{examples[name]}</span>
  ) : (
    <a class="mono wrap-any" href={hrefOf('/devices', { q: examples[name] })}>
      {examples[name]}
    </a>
  );

const Keys = (): JSX.Element => (
  <Section id="keys" title={words().keysHead} purpose={words().keysPurpose}>
    <div class="body stack">
      {(Object.keys(keys) as Screen[]).map(screen => (
        <div key={screen}>
          <h3>{words().screens[screen]}</h3>
          <dl class="kv">
            {keys[screen].map(([pressed, deed]) => (
              <KeyLine key={deed} pressed={pressed} deed={deed} />
            ))}
          </dl>
        </div>
      ))}
    </div>
  </Section>
);

const KeyLine = ({ pressed, deed }: { pressed: string; deed: Deed }): JSX.Element => (
  <>
    <dt>
      <kbd>{pressed}</kbd>
    </dt>
    <dd>{words().keys[deed]}</dd>
  </>
);
