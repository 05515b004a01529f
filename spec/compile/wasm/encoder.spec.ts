/** Modules and functions as bytes. */
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { Bytes } from '../../../lib/compile/wasm/Bytes.js'
import { ModuleBuilder } from '../../../lib/compile/wasm/encoder.js'
import { lane, memory, memoryLane, plain, type Instruction, type LaneInstruction, type MemoryInstruction, type MemoryLaneInstruction } from '../../../lib/compile/wasm/opcodes.js'
import { runOf } from './engine.js'

declare const WebAssembly: { readonly validate: (bytes: Uint8Array) => boolean }

const readUnsigned = (bytes: Uint8Array): bigint => bytes.reduceRight((value, byte) => (value << 7n) | BigInt(byte & 127), 0n)

describe('bytes', () => {
  test.prop([fc.nat({ max: 2 ** 32 - 1 })])('unsigned numbers', (value) => {
    const bytes = new Bytes(0)
    bytes.u32(value)
    expect(readUnsigned(bytes.view())).toBe(BigInt(value))
  })

  test.prop([fc.maxSafeInteger()])('signed numbers of 64 bits', (value) => {
    const bytes = new Bytes(0)
    bytes.s64(value)
    const view = bytes.view()
    expect(BigInt.asIntN(7 * view.length, readUnsigned(view))).toBe(BigInt(value))
  })

  test.prop([fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })])('signed numbers of 32 bits are the same, but shorter to write', (value) => {
    const [short, long] = [new Bytes(0), new Bytes(0)]
    short.s32(value)
    long.s64(value)
    expect(short.view()).toEqual(long.view())
  })

  test.prop([fc.double(), fc.float()])('floats', (x, y) => {
    const bytes = new Bytes(0)
    bytes.f64(x)
    bytes.f32(y)
    const view = new DataView(bytes.view().slice().buffer)
    expect([view.getFloat64(0, true), view.getFloat32(8, true)]).toEqual([x, y])
  })
})

describe('a module', () => {
  test.prop([fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })])('returns constants', (value) => {
    const module = new ModuleBuilder()
    const f = module.addFunction([], ['i32'])
    f.i32(value)
    module.exportFunction('run', f)
    expect(runOf(module)()).toBe(value)
  })

  it('counts, calls and branches', () => {
    const module = new ModuleBuilder()
    const triple = module.addFunction(['i32'], ['i32'])
    triple.get(0).i32(3).op('i32.mul')
    const f = module.addFunction(['i32'], ['i32'])
    const [i, sum] = [f.local('i32'), f.local('i32')]
    f.block((exit) => {
      f.loop((again) => {
        f.get(i).get(0).op('i32.ge_s').brIf(exit)
        f.get(i).i32(1).op('i32.and').if(() => f.get(sum).get(i).call(triple).op('i32.add').set(sum), () => f.increase(sum, 1000))
        f.increase(i, 1)
        f.br(again)
      })
    })
    f.get(sum)
    module.exportFunction('run', f)
    expect(runOf(module)(7)).toBe(3 * (1 + 3 + 5) + 4 * 1000)
  })

  it.each([1, 2, 5])('repeats instructions, those that call and branch too (%i times)', (times) => {
    const module = new ModuleBuilder()
    const [unused, step] = [module.addFunction([], []), module.addFunction(['i32'], ['i32'])]
    unused.op('return')
    step.get(0).i32(100).op('i32.add')
    const f = module.addFunction(['i32'], ['i32'])
    f.block((exit) => {
      f.repeat(times, () => f.get(0).call(step).set(0).get(0).i32(300).op('i32.gt_s').brIf(exit))
    }).get(0)
    module.exportFunction('run', f)
    expect(runOf(module)(1)).toBe(1 + 100 * Math.min(times, 3))
  })

  test.prop([fc.nat({ max: 255 }), fc.nat({ max: 2 ** 32 - 1 })])('writes a byte and a number as one after the other', (byte, value) => {
    const [both, apart] = [new Bytes(0), new Bytes(0)]
    both.u8u32(byte, value)
    apart.u8(byte)
    apart.u32(value)
    both.u8u32(byte, value & 127)
    apart.u8(byte)
    apart.u32(value & 127)
    expect(both.view()).toEqual(apart.view())
  })

  it('reuses locals that were freed', () => {
    const f = new ModuleBuilder().addFunction(['i32'], [])
    const a = f.local('v128')
    const b = f.local('f64')
    f.free(a)
    expect(f.local('f64')).not.toBe(b)
    expect(f.local('v128')).toBe(a)
  })

  const validates = (write: (module: ModuleBuilder) => void): boolean => {
    const module = new ModuleBuilder()
    module.importMemory('env', 'memory', 1)
    write(module)
    return WebAssembly.validate(module.encode())
  }

  it.each(Object.keys(plain) as ReadonlyArray<Instruction>)('%s is an instruction', (name) => {
    // What follows `unreachable` finds operands of any type, so only the instruction's number is in question.
    expect(name.includes('relaxed') || validates((module) => module.addFunction([], []).op('unreachable').op(name).op('unreachable'))).toBe(true)
  })

  it.each(Object.keys(memory) as ReadonlyArray<MemoryInstruction>)('%s is an instruction', (name) => {
    expect(validates((module) => module.addFunction([], []).op('unreachable').memory(name, 100_000).op('unreachable'))).toBe(true)
  })

  it.each(Object.keys(memoryLane) as ReadonlyArray<MemoryLaneInstruction>)('%s is an instruction', (name) => {
    expect(validates((module) => module.addFunction([], []).op('unreachable').memoryLane(name, 8, 1).op('unreachable'))).toBe(true)
  })

  it.each(Object.keys(lane) as ReadonlyArray<LaneInstruction>)('%s is an instruction', (name) => {
    expect(validates((module) => module.addFunction([], []).op('unreachable').lane(name, 1).op('unreachable'))).toBe(true)
  })
})
