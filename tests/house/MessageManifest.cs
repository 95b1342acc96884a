using System.Reflection;
using System.Text;
using CapOrleans.Contracts;
using CapOrleans.Core;
using CapOrleans.GrainInterfaces;
using CapOrleans.Grains;

namespace CapOrleans.Tests.House;

/// <summary>
/// What silos of two versions must serialize alike: every message and every stored state, with the number of each
/// member, and the values of the enumerations in them.
/// </summary>
internal static class MessageManifest
{
    public static string Make()
    {
        var messages = new[] { typeof(ProblemTypes), typeof(FairScheduler), typeof(ClusterLimits), typeof(GrainServices) }
            .SelectMany(type => type.Assembly.GetTypes())
            .Where(type => type.IsDefined(typeof(GenerateSerializerAttribute)))
            .Select(type => (Name: type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.FullName!, Members: Members(type)))
            .OrderBy(message => message.Name, StringComparer.Ordinal).ToList();
        var page = new StringBuilder("# Made from the code: docs/generate. Numbers and types that changed break a rolling upgrade.\n");
        foreach (var (name, ids) in messages)
        {
            page.Append($"\n{name}\n").AppendJoin("", ids.Select(member => $"  {member.Id}: {member.Name} {NameOf(member.Type)}\n"));
        }

        var members = messages.SelectMany(message => message.Members).SelectMany(member => Parts(member.Type)).Distinct();
        foreach (var type in members.Where(type => type.IsEnum).OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            page.Append($"\nenum {type.FullName}\n")
                .AppendJoin("", Enum.GetValues(type).Cast<Enum>().Select(value => $"  {Convert.ToInt64(value, null)}: {value}\n"));
        }

        return page.ToString();
    }

    private static List<(uint Id, string Name, Type Type)> Members(Type type)
    {
        const BindingFlags All = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        return [.. type.GetProperties(All).Select(member => ((MemberInfo)member, member.PropertyType))
            .Concat(type.GetFields(All).Select(member => ((MemberInfo)member, member.FieldType)))
            .Where(member => member.Item1.IsDefined(typeof(IdAttribute)))
            .Select(member => (member.Item1.GetCustomAttribute<IdAttribute>()!.Id, member.Item1.Name, member.Item2))
            .OrderBy(member => member.Id)];
    }

    private static IEnumerable<Type> Parts(Type type) => type.IsGenericType ? type.GetGenericArguments().SelectMany(Parts)
        : type.IsArray ? Parts(type.GetElementType()!) : [type];

    private static string NameOf(Type type) => type.IsArray ? $"{NameOf(type.GetElementType()!)}[]"
        : !type.IsGenericType ? type.GetCustomAttribute<AliasAttribute>()?.Alias ?? type.FullName!
        : Nullable.GetUnderlyingType(type) is { } value ? $"{NameOf(value)}?"
        : $"{type.Name[..type.Name.IndexOf('`')]}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>";
}
