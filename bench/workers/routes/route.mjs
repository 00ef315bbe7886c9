import { Body, Controller, HttpCode, Module, Post } from '@nestjs/common';

/** The one route of every application. */
export const PATH = '/transfer';
export const BINDING = `POST ${PATH}`;

/** What every handler answers. */
export const answerTo = ({ amount }) => ({ done: amount > 0 });

/**
 * A module with the route, behind these decorators. Plain JavaScript has no decorators, so they are called.
 *
 * @param imports The modules that the protection needs.
 */
export function moduleOf({ imports = [], decorators = [] }) {
  class TransferController {
    transfer(order) {
      return answerTo(order);
    }
  }
  const { prototype } = TransferController;
  const descriptor = Object.getOwnPropertyDescriptor(prototype, 'transfer');
  for (const decorate of [Post(PATH), HttpCode(200), ...decorators]) decorate(prototype, 'transfer', descriptor);
  Body()(prototype, 'transfer', 0);
  Controller()(TransferController);

  class TransferModule {}
  Module({ imports, controllers: [TransferController] })(TransferModule);
  return TransferModule;
}
