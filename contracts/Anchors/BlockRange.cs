using Orleans;

namespace CapOrleans.Contracts.Anchors;

/// <summary>A range of blocks of the chain, both ends included.</summary>
[GenerateSerializer, Immutable, Alias("cap.block-range.v1")]
public readonly record struct BlockRange([property: Id(0)] long First, [property: Id(1)] long Last);
