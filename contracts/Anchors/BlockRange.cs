using Orleans;

namespace CapOrleans.Contracts.Anchors;

/// <summary>Blocks of a chain, the last one too.</summary>
[GenerateSerializer, Immutable, Alias("cap.block-range.v1")]
public readonly record struct BlockRange([property: Id(0)] long First, [property: Id(1)] long Last);
