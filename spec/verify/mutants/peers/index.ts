/** Checkers of derivatives that other libraries publish, by their rules. */
import { autograd } from './autograd.js'
import { chainRules } from './chainRules.js'
import { jax } from './jax.js'
import type { Peer } from './Subject.js'
import { torchFast, torchSlow } from './torch.js'

export const peers: ReadonlyArray<Peer> = [jax, autograd, torchSlow, torchFast, chainRules]
export type { Peer, Subject } from './Subject.js'
