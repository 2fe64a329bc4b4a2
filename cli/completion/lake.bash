# Completion of ./lake in bash. In ~/.bashrc: eval "$(/path/to/lake completion bash)"
_lake() {
  local lake="${COMP_WORDS[0]/#\~/$HOME}" line
  COMPREPLY=()
  while IFS= read -r line; do
    # Nothing found is a path: see -o default.
    case "$line" in '' | :path) ;; *) COMPREPLY+=("${line%%$'\t'*}") ;; esac
  done < <("$lake" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _lake lake
