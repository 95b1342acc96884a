using CapOrleans.HttpEdge.Answers;

namespace CapOrleans.Tests.HttpEdge.Answers;

public sealed class HttpProblemTests
{
    [Theory]
    [InlineData("cap_id", "cap_id")]
    [InlineData("", "")]
    public void A_problem_names_the_member(string field, string named) => Assert.Equal(named, FieldOf(field));

    [Fact]
    public void A_member_that_its_sender_named_makes_no_answer_larger_than_the_request()
    {
        Assert.Equal($"{new string('x', 100)}…", FieldOf(new string('x', 60_000)));
        Assert.Equal($"{new string('x', 99)}…", FieldOf($"{new string('x', 99)}🔥{new string('x', 100)}"));
    }

    private static object? FieldOf(string field) => HttpProblem.Of(400, "invalid-field", field, "rule").ProblemDetails.Extensions["field"];
}
