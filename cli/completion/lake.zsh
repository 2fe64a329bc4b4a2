#compdef lake
# Completion of ./lake in zsh. In ~/.zshrc: eval "$(/path/to/lake completion zsh)"
_lake() {
  local lake="${words[1]/#\~/$HOME}" line
  local -a found
  while IFS= read -r line; do
    case "$line" in
      '') ;;
      :path) _files; return ;;
      *$'\t'*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
      *) found+=("${line//:/\\:}") ;;
    esac
  done < <("$lake" __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)
  _describe -t words word found
}
if ! (( ${+functions[compdef]} )); then
  autoload -Uz compinit
  compinit
fi
compdef _lake lake
