/** The widget of a run's page; what it shows is loaded with the first one. */

import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import { Notice } from './components/Notice';
import { openRunMenu } from './menus';
import type { RunModel } from './run_model';

const Page = React.lazy(async () => ({ default: (await import('./page')).RunPage }));

export class RunPageWidget extends ReactWidget {
  constructor(
    readonly model: RunModel,
    private readonly commands: CommandRegistry
  ) {
    super();
    this.addClass('rlp');
    this.addClass('rlp-page');
    this.node.tabIndex = -1;
  }

  dispose(): void {
    this.model.dispose();
    super.dispose();
  }

  protected onAfterAttach(msg: Message): void {
    super.onAfterAttach(msg);
    this.model.active = this.isVisible;
  }

  protected onAfterShow(msg: Message): void {
    super.onAfterShow(msg);
    this.model.active = true;
  }

  protected onAfterHide(msg: Message): void {
    this.model.active = false;
    super.onAfterHide(msg);
  }

  protected onBeforeDetach(msg: Message): void {
    this.model.active = false;
    super.onBeforeDetach(msg);
  }

  protected render(): JSX.Element {
    const { model, commands } = this;
    return (
      <React.Suspense fallback={<Notice text="The page is being loaded." />}>
        <Page
          model={model}
          commands={commands}
          onMenu={(x, y) => openRunMenu(commands, model.id, x, y)}
        />
      </React.Suspense>
    );
  }
}
