// SPDX-License-Identifier: MIT
pragma solidity ^0.8.19;

/// @title Inclusion proofs of append-only Merkle trees, RFC 9162 section 2.1.3.2.
library InclusionProof {
    /// @param leaf The leaf's hash: sha256 of a zero byte and the entry.
    /// @param index Its place in the tree, from 0.
    /// @param size Leaves of the tree.
    /// @param proof The neighbours on the way up, the lowest first.
    /// @param root The tree's hash.
    function verify(bytes32 leaf, uint64 index, uint64 size, bytes32[] calldata proof, bytes32 root)
        internal
        pure
        returns (bool)
    {
        if (index >= size) return false;
        uint64 node = index;
        uint64 last = size - 1; // the rightmost node of the same level
        bytes32 hash = leaf;
        for (uint256 i = 0; i < proof.length; i++) {
            if (last == 0) return false;
            if (node & 1 == 1 || node == last) {
                hash = sha256(abi.encodePacked(bytes1(0x01), proof[i], hash));
                while (node & 1 == 0 && node != 0) {
                    node >>= 1; // a level on which it has no neighbour
                    last >>= 1;
                }
            } else {
                hash = sha256(abi.encodePacked(bytes1(0x01), hash, proof[i]));
            }
            node >>= 1;
            last >>= 1;
        }
        return last == 0 && hash == root;
    }
}
