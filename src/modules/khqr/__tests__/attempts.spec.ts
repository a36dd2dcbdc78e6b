import fc from "fast-check"

import { hashAddress, networkOf } from "../attempts"

describe("an address whose tries are counted", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:DB8:1:2:3:4:5:6", "2001:db8:1:2"],
    ["2001:db8:1:2::9", "2001:db8:1:2"],
    ["2001:db8::1", "2001:db8:0:0"],
    ["fe80::1%eth0", "fe80:0:0:0"],
    ["::1", "0:0:0:0"],
    ["", ""],
  ])("%s counts as %s", (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  it("is one household's, however it spells its IPv6 address", () => {
    const group = fc.integer({ min: 0, max: 0xffff })
    fc.assert(
      fc.property(
        fc.tuple(group, group, group, group),
        fc.tuple(group, group, group, group),
        fc.tuple(group, group, group, group),
        (network, one, other) => {
          const hex = (groups: number[]) =>
            [...network, ...groups].map((g) => g.toString(16)).join(":")
          const padded = [...network, ...other]
            .map((g) => g.toString(16).padStart(4, "0").toUpperCase())
            .join(":")
          expect(networkOf(hex(one))).toBe(networkOf(padded))
        }
      )
    )
  })

  it("is not to be read from what is remembered, and is another one in each shop", () => {
    const hashed = hashAddress("203.0.113.7", "salt")
    expect(hashed).toMatch(/^[0-9a-f]{64}$/)
    expect(hashed).toBe(hashAddress("::ffff:203.0.113.7", "salt"))
    expect(hashed).not.toBe(hashAddress("203.0.113.7", "other"))
    expect(hashed).not.toBe(hashAddress("203.0.113.8", "salt"))
  })
})
